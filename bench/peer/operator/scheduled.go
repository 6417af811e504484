package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/robfig/cron/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/recorder"
)

const (
	ownerIndex       = ".metadata.controller"
	historyLimit     = 10
	startingDeadline = 100 * time.Second // a tick missed by more than this is skipped
)

// ScheduledReconciler creates a HealthCheck at each tick of a ScheduledHealthCheck.
type ScheduledReconciler struct {
	client.Client
	Recorder recorder.EventRecorder
	Workers  int
}

func (r *ScheduledReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var shc ScheduledHealthCheck
	if err := r.Get(ctx, req.NamespacedName, &shc); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !shc.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	var kids HealthCheckList
	if err := r.List(ctx, &kids, client.InNamespace(shc.Namespace), client.MatchingFields{ownerIndex: shc.Name}); err != nil {
		return ctrl.Result{}, err
	}
	var before ScheduledHealthCheckStatus
	shc.Status.DeepCopyInto(&before)
	now := time.Now()
	observe(&shc.Status, kids.Items, now)

	var res ctrl.Result
	sched, err := cron.ParseStandard(shc.Spec.Schedule)
	switch {
	case err != nil:
		shc.Status.Message = "invalid schedule: " + err.Error()
		if shc.Status.Message != before.Message {
			r.Recorder.Eventf(&shc, nil, corev1.EventTypeWarning, "InvalidSchedule", "Schedule", "%s", shc.Status.Message)
		}
	case shc.Spec.Enabled != nil && !*shc.Spec.Enabled:
		shc.Status.Message = "disabled"
	default:
		shc.Status.Message = ""
		if err := r.tick(ctx, &shc, sched, now); err != nil {
			return ctrl.Result{}, err
		}
		res.RequeueAfter = sched.Next(now.UTC()).Sub(now)
	}

	if !equality.Semantic.DeepEqual(before, shc.Status) {
		if err := r.Status().Update(ctx, &shc); err != nil {
			if apierrors.IsConflict(err) {
				return ctrl.Result{RequeueAfter: 50 * time.Millisecond}, nil
			}
			return ctrl.Result{}, client.IgnoreNotFound(err)
		}
	}
	return res, nil
}

// tick starts the check that is due, if one is.
func (r *ScheduledReconciler) tick(ctx context.Context, shc *ScheduledHealthCheck, sched cron.Schedule, now time.Time) error {
	from := shc.CreationTimestamp.Time
	if t := shc.Status.LastScheduleTime; t != nil {
		from = t.Time
	}
	due := mostRecent(sched, from.UTC(), now)
	if due.IsZero() {
		return nil
	}
	shc.Status.LastScheduleTime = &metav1.Time{Time: due}
	if now.Sub(due) > startingDeadline {
		r.Recorder.Eventf(shc, nil, corev1.EventTypeWarning, "MissedSchedule", "Schedule", "missed the tick of %s", due.Format(time.RFC3339))
		return nil
	}
	if len(shc.Status.Active) > 0 {
		r.Recorder.Eventf(shc, nil, corev1.EventTypeNormal, "StillRunning", "Schedule", "skipped: %s still runs", shc.Status.Active[0].Name)
		return nil
	}
	child := &HealthCheck{
		ObjectMeta: metav1.ObjectMeta{
			// The tick is in the name, so that one tick never makes two checks.
			Name:      fmt.Sprintf("%s-%d", shc.Name, due.Unix()/60),
			Namespace: shc.Namespace,
			Labels:    map[string]string{LabelScheduledBy: shc.Name},
		},
	}
	shc.Spec.CheckSpec.DeepCopyInto(&child.Spec)
	if err := controllerutil.SetControllerReference(shc, child, r.Scheme()); err != nil {
		return err
	}
	if err := r.Create(ctx, child); err != nil {
		if apierrors.IsAlreadyExists(err) {
			return nil // made by an earlier try whose status write was lost
		}
		return err
	}
	shc.Status.Active = append(shc.Status.Active, activeRef(child, metav1.NewTime(now).Rfc3339Copy()))
	r.Recorder.Eventf(shc, child, corev1.EventTypeNormal, "CheckCreated", "Schedule", "created HealthCheck %s", child.Name)
	return nil
}

func activeRef(hc *HealthCheck, start metav1.Time) ActiveRef {
	return ActiveRef{Name: hc.Name, Namespace: hc.Namespace, UID: hc.UID, StartTime: &start}
}

// mostRecent is the last tick in (from, now], or zero.
func mostRecent(sched cron.Schedule, from, now time.Time) time.Time {
	var due time.Time
	if from.Before(now.Add(-24 * time.Hour)) {
		from = now.Add(-24 * time.Hour)
	}
	for t := sched.Next(from); !t.IsZero() && !t.After(now); t = sched.Next(t) {
		due = t
	}
	return due
}

// observe works out active, history and lastResult from the children.
func observe(st *ScheduledHealthCheckStatus, kids []HealthCheck, now time.Time) {
	seen := make(map[string]bool, len(st.History))
	for _, h := range st.History {
		seen[h.CheckName] = true
	}
	known := make(map[string]bool, len(kids))
	var active []ActiveRef
	grown := false
	for i := range kids {
		k := &kids[i]
		known[k.Name] = true
		if !k.Finished() {
			active = append(active, activeRef(k, k.CreationTimestamp))
			continue
		}
		if !seen[k.Name] {
			st.History = append(st.History, HistoryEntry{CheckName: k.Name, ExecutionTime: k.Status.CompletionTime.DeepCopy(),
				Result: k.Status.Result, Message: k.Status.Message, Duration: k.Status.Duration})
			grown = true
		}
	}
	// A child that the cache doesn't show yet is still active.
	for _, a := range st.Active {
		if !known[a.Name] && !seen[a.Name] && a.StartTime != nil && now.Sub(a.StartTime.Time) < 30*time.Second {
			active = append(active, a)
		}
	}
	st.Active = active
	if !grown {
		return
	}
	slices.SortStableFunc(st.History, func(a, b HistoryEntry) int { return b.ExecutionTime.Compare(a.ExecutionTime.Time) })
	st.History = st.History[:min(len(st.History), historyLimit)]
	st.LastResult = st.History[0].Result
}

func (r *ScheduledReconciler) SetupWithManager(mgr ctrl.Manager) error {
	if err := mgr.GetFieldIndexer().IndexField(context.Background(), &HealthCheck{}, ownerIndex, func(o client.Object) []string {
		if ref := metav1.GetControllerOf(o); ref != nil && ref.Kind == "ScheduledHealthCheck" {
			return []string{ref.Name}
		}
		return nil
	}); err != nil {
		return err
	}
	// Of a child only its end matters.
	ended := predicate.Funcs{
		CreateFunc: func(e event.CreateEvent) bool { return e.Object.(*HealthCheck).Finished() },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return e.ObjectNew.(*HealthCheck).Finished() && !e.ObjectOld.(*HealthCheck).Finished()
		},
	}
	return ctrl.NewControllerManagedBy(mgr).
		For(&ScheduledHealthCheck{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Owns(&HealthCheck{}, builder.WithPredicates(ended)).
		WithOptions(controller.Options{MaxConcurrentReconciles: r.Workers}).
		Complete(r)
}
