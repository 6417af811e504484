package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

const (
	storeLimit = 30 * time.Minute
	serverAdds = 170 // bytes of uid, resourceVersion, creationTimestamp, defaults
)

type storeResult struct {
	Cmd     string  `json:"cmd"`
	N       int     `json:"n"`
	Bytes   int     `json:"bytes"` // of one as JSON, without managedFields
	Seconds float64 `json:"seconds"`
}

// cmdStore makes n finished checks of a size, or deletes them. They look like those that an
// operator finished; none is asked, and an operator that runs finds nothing to do.
func cmdStore(args []string) (any, error) {
	c := newCommon("store")
	n := c.fs.Int("n", 50000, "how many")
	bytes := c.fs.Int("bytes", 2000, "size of each as JSON, without managedFields")
	run := c.fs.String("run", "0", "part of their names")
	remove := c.fs.Bool("delete", false, "delete them")
	par := c.fs.Int("parallel", 64, "requests in flight")
	k, err := c.client(args)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeLimit)
	defer cancel()
	res := storeResult{Cmd: "store", N: *n}
	start := time.Now()
	err = parallel(*n, *par, func(i int) error {
		name := fmt.Sprintf("nightly-backup-%s-%06d", *run, i)
		if *remove {
			return k.Delete().AbsPath(hcPath + "/" + name).Do(ctx).Error()
		}
		size, err := k.storeFinished(ctx, name, *bytes)
		if i == 0 {
			res.Bytes = size
		}
		return err
	})
	res.Seconds = r3(time.Since(start).Seconds())
	return res, err
}

// storeFinished makes one in two writes and tells its size.
func (k *kube) storeFinished(ctx context.Context, name string, bytes int) (int, error) {
	check := finishedCheck(name, "")
	check = finishedCheck(name, strings.Repeat("the size of a backup, ", max(0, bytes-serverAdds-jsonSize(check))/22))
	body, err := json.Marshal(check)
	if err != nil {
		return 0, err
	}
	made, err := k.post(ctx, hcPath, body)
	if err != nil {
		return 0, err
	}
	var got map[string]any
	if err := json.Unmarshal(made, &got); err != nil {
		return 0, err
	}
	got["status"] = check["status"]
	if body, err = json.Marshal(got); err != nil {
		return 0, err
	}
	if made, err = k.put(ctx, hcPath+"/"+name+"/status", body); err != nil {
		return 0, err
	}
	if err := json.Unmarshal(made, &got); err != nil {
		return 0, err
	}
	delete(got["metadata"].(map[string]any), "managedFields")
	return jsonSize(got), nil
}

func jsonSize(v any) int {
	b, _ := json.Marshal(v)
	return len(b)
}

// finishedCheck is one as the operator leaves it. What fills it up is divided among its texts.
func finishedCheck(name, filler string) map[string]any {
	at := func(second int) string { return fmt.Sprintf("2026-11-26T09:00:%02dZ", second) }
	condition := func(kind, reason string) map[string]any {
		return map[string]any{"type": kind, "status": "True", "reason": reason, "message": "", "lastTransitionTime": at(41), "observedGeneration": 1}
	}
	third := len(filler) / 3
	return map[string]any{
		"apiVersion": "holmesgpt.dev/v1alpha1", "kind": "HealthCheck",
		"metadata": map[string]any{"name": name, "namespace": "default", "labels": map[string]string{"team": "storage"}},
		"spec": map[string]any{
			"query": "Did the last backup of every database finish? " + filler[:third], "timeout": 120, "mode": "monitor",
		},
		"status": map[string]any{
			"phase": "Completed", "result": "pass", "startTime": at(1), "completionTime": at(41), "duration": 39.8, "modelUsed": "gpt-4o",
			"message":   "All 7 backups finished. " + filler[third:2*third],
			"rationale": "The pods of the night ended with exit code 0. " + filler[2*third:],
			"run":       1, "rerunAccepted": false, "observedGeneration": 1,
			"conditions": []any{condition("Complete", "Answered"), condition("Passed", "Passed")},
			"attempts":   []any{map[string]any{"run": 1, "number": 1, "id": "a3f1c9a5277b04c1e9d56-1-1", "startTime": at(1), "endTime": at(41), "outcome": "Answered"}},
			"usage":      map[string]any{"modelCalls": 3, "toolCalls": 4, "inputTokens": 8123, "cachedInputTokens": 4096, "outputTokens": 512, "costUSD": "0.0213"},
			"evidence":   []any{map[string]any{"tool": "kubectl_logs", "arguments": `{"pod":"backup-1"}`, "summary": "backup complete: 48 GiB", "bytes": 5120}},
		},
	}
}
