package main

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// LabelScheduledBy names the ScheduledHealthCheck that created a HealthCheck.
const LabelScheduledBy = "holmesgpt.dev/scheduled-by"

type ScheduledHealthCheckSpec struct {
	CheckSpec `json:",inline"`
	Schedule  string `json:"schedule"`
	Enabled   *bool  `json:"enabled,omitempty"`
}

type HistoryEntry struct {
	CheckName     string       `json:"checkName"`
	ExecutionTime *metav1.Time `json:"executionTime,omitempty"`
	Result        string       `json:"result,omitempty"`
	Message       string       `json:"message,omitempty"`
	Duration      float64      `json:"duration,omitempty"`
}

type ActiveRef struct {
	Name      string       `json:"name"`
	Namespace string       `json:"namespace"`
	UID       types.UID    `json:"uid"`
	StartTime *metav1.Time `json:"startTime,omitempty"`
}

type ScheduledHealthCheckStatus struct {
	LastScheduleTime *metav1.Time   `json:"lastScheduleTime,omitempty"`
	LastResult       string         `json:"lastResult,omitempty"`
	Message          string         `json:"message,omitempty"`
	Active           []ActiveRef    `json:"active,omitempty"`
	History          []HistoryEntry `json:"history,omitempty"`
}

type ScheduledHealthCheck struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              ScheduledHealthCheckSpec   `json:"spec"`
	Status            ScheduledHealthCheckStatus `json:"status,omitempty"`
}

type ScheduledHealthCheckList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ScheduledHealthCheck `json:"items"`
}

// What controller-gen would write.

func (in *ScheduledHealthCheckStatus) DeepCopyInto(out *ScheduledHealthCheckStatus) {
	*out = *in
	out.LastScheduleTime = in.LastScheduleTime.DeepCopy()
	if in.Active != nil {
		out.Active = make([]ActiveRef, len(in.Active))
		for i, a := range in.Active {
			out.Active[i] = a
			out.Active[i].StartTime = a.StartTime.DeepCopy()
		}
	}
	if in.History != nil {
		out.History = make([]HistoryEntry, len(in.History))
		for i, h := range in.History {
			out.History[i] = h
			out.History[i].ExecutionTime = h.ExecutionTime.DeepCopy()
		}
	}
}

func (in *ScheduledHealthCheck) DeepCopyInto(out *ScheduledHealthCheck) {
	*out = *in
	in.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	in.Spec.CheckSpec.DeepCopyInto(&out.Spec.CheckSpec)
	if in.Spec.Enabled != nil {
		e := *in.Spec.Enabled
		out.Spec.Enabled = &e
	}
	in.Status.DeepCopyInto(&out.Status)
}

func (in *ScheduledHealthCheck) DeepCopyObject() runtime.Object {
	out := &ScheduledHealthCheck{}
	in.DeepCopyInto(out)
	return out
}

func (in *ScheduledHealthCheckList) DeepCopyObject() runtime.Object {
	out := &ScheduledHealthCheckList{TypeMeta: in.TypeMeta}
	in.ListMeta.DeepCopyInto(&out.ListMeta)
	out.Items = make([]ScheduledHealthCheck, len(in.Items))
	for i := range in.Items {
		in.Items[i].DeepCopyInto(&out.Items[i])
	}
	return out
}
