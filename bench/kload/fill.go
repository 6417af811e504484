package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

type fillResult struct {
	Cmd     string  `json:"cmd"`
	N       int     `json:"n"`
	Seconds float64 `json:"seconds"`
}

// cmdFill makes copies of a finished check, with its status, until there are n
// HealthChecks. No operator may run meanwhile.
func cmdFill(args []string) (any, error) {
	c := newCommon("fill")
	n := c.fs.Int("n", 10000, "how many checks there are to be")
	par := c.fs.Int("parallel", 64, "requests in flight")
	k, err := c.client(args)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	raw, err := k.Get().AbsPath(hcPath).Param("limit", "1").DoRaw(ctx)
	if err != nil {
		return nil, err
	}
	type object struct {
		APIVersion string         `json:"apiVersion"`
		Kind       string         `json:"kind"`
		Metadata   map[string]any `json:"metadata"`
		Spec       any            `json:"spec"`
		Status     map[string]any `json:"status,omitempty"`
	}
	var list struct {
		Metadata struct{ RemainingItemCount int }
		Items    []object
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, err
	}
	if len(list.Items) == 0 || list.Items[0].Status["phase"] != "Completed" {
		return nil, fmt.Errorf("no finished check to copy")
	}
	template := list.Items[0]
	run := newRun()
	start := time.Now()
	err = parallel(*n-1-list.Metadata.RemainingItemCount, *par, func(i int) error {
		o := template
		o.APIVersion, o.Kind = "holmesgpt.dev/v1alpha1", "HealthCheck"
		o.Metadata = map[string]any{"name": fmt.Sprintf("kf-%s-%06d", run, i), "namespace": "default", "labels": map[string]string{runLabel: run}}
		body, err := json.Marshal(o)
		if err != nil {
			return err
		}
		made, err := k.post(ctx, hcPath, body)
		if err != nil {
			return err
		}
		var got object
		if err := json.Unmarshal(made, &got); err != nil {
			return err
		}
		o.Metadata["resourceVersion"] = got.Metadata["resourceVersion"]
		if body, err = json.Marshal(o); err != nil {
			return err
		}
		_, err = k.put(ctx, hcPath+"/"+o.Metadata["name"].(string)+"/status", body)
		return err
	})
	return fillResult{"fill", *n, r3(time.Since(start).Seconds())}, err
}
