package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	shcPath     = "/apis/holmesgpt.dev/v1alpha1/namespaces/default/scheduledhealthchecks"
	scheduledBy = "holmesgpt.dev/scheduled-by" // label of a child: its schedule
	scheduledAt = "holmesgpt.dev/scheduled-at" // annotation of a child: its tick
	makers      = 32                           // creates in flight while schedules are made
	listPage    = 500
	early       = time.Second // a child seen so long before a full minute is of that minute
	nameClock   = time.Hour   // a number in a name that is a time is of about now
)

// makeSchedules creates n schedules of one cron expression, named <prefix><number>.
func (k *kube) makeSchedules(ctx context.Context, prefix, cron string, n int) error {
	return parallel(n, makers, func(i int) error {
		_, err := k.post(ctx, shcPath, []byte(`{"apiVersion":"holmesgpt.dev/v1alpha1","kind":"ScheduledHealthCheck","metadata":{"name":"`+scheduleName(prefix, i)+
			`","namespace":"default"},"spec":{"schedule":"`+cron+`","enabled":true,`+specJSON+`}}`))
		return err
	})
}

func scheduleName(prefix string, i int) string { return fmt.Sprintf("%s%05d", prefix, i) }

// planned counts the schedules whose status tells the next tick.
func (k *kube) planned(ctx context.Context) (int, error) {
	count, next := 0, ""
	for {
		raw, err := k.Get().AbsPath(shcPath).Param("limit", strconv.Itoa(listPage)).Param("continue", next).DoRaw(ctx)
		if err != nil {
			return 0, err
		}
		var list struct {
			Metadata struct{ Continue string }
			Items    []struct {
				Status struct{ NextScheduleTime *time.Time }
			}
		}
		if err := json.Unmarshal(raw, &list); err != nil {
			return 0, err
		}
		for _, s := range list.Items {
			if s.Status.NextScheduleTime != nil {
				count++
			}
		}
		if next = list.Metadata.Continue; next == "" {
			return count, nil
		}
	}
}

// tickOf is the tick that a child is of: what its annotation says, else the unix
// minutes that end its name (as CronJobs name Jobs), else the full minute it came at.
func tickOf(e *event) time.Time {
	if t, err := time.Parse(time.RFC3339, e.Object.Metadata.Annotations[scheduledAt]); err == nil {
		return t
	}
	name := e.Object.Metadata.Name
	if m, err := strconv.ParseInt(name[strings.LastIndexByte(name, '-')+1:], 10, 64); err == nil {
		if t := time.Unix(m*60, 0); t.Sub(e.at).Abs() < nameClock {
			return t
		}
	}
	return e.at.Add(early).Truncate(time.Minute)
}
