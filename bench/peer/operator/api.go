package main

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the API group of the custom resources.
var GroupVersion = schema.GroupVersion{Group: "holmesgpt.dev", Version: "v1alpha1"}

type Phase string

const (
	PhasePending   Phase = "Pending"
	PhaseRunning   Phase = "Running"
	PhaseCompleted Phase = "Completed"
	PhaseFailed    Phase = "Failed" // the API could not be reached at all
)

// Destination is where an alert is sent; the Holmes API does the sending.
type Destination struct {
	Type   string            `json:"type"`
	Config map[string]string `json:"config,omitempty"`
}

// CheckSpec is what a HealthCheck and a ScheduledHealthCheck have in common.
type CheckSpec struct {
	Query        string        `json:"query"`
	Timeout      int           `json:"timeout,omitempty"`
	Mode         string        `json:"mode,omitempty"`
	Destinations []Destination `json:"destinations,omitempty"`
	Model        string        `json:"model,omitempty"`
}

type HealthCheckStatus struct {
	Phase          Phase              `json:"phase,omitempty"`
	StartTime      *metav1.Time       `json:"startTime,omitempty"`
	CompletionTime *metav1.Time       `json:"completionTime,omitempty"`
	Result         string             `json:"result,omitempty"`
	Message        string             `json:"message,omitempty"`
	Rationale      string             `json:"rationale,omitempty"`
	Duration       float64            `json:"duration,omitempty"`
	Error          string             `json:"error,omitempty"`
	Conditions     []metav1.Condition `json:"conditions,omitempty"`
}

type HealthCheck struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              CheckSpec         `json:"spec"`
	Status            HealthCheckStatus `json:"status,omitempty"`
}

func (h *HealthCheck) Finished() bool {
	return h.Status.Phase == PhaseCompleted || h.Status.Phase == PhaseFailed
}

type HealthCheckList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []HealthCheck `json:"items"`
}

// AddToScheme registers the types.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion, &HealthCheck{}, &HealthCheckList{}, &ScheduledHealthCheck{}, &ScheduledHealthCheckList{})
	metav1.AddToGroupVersion(s, GroupVersion)
	return nil
}

// What controller-gen would write.

func (in *CheckSpec) DeepCopyInto(out *CheckSpec) {
	*out = *in
	if in.Destinations != nil {
		out.Destinations = make([]Destination, len(in.Destinations))
		for i, d := range in.Destinations {
			out.Destinations[i] = d
			if d.Config != nil {
				m := make(map[string]string, len(d.Config))
				for k, v := range d.Config {
					m[k] = v
				}
				out.Destinations[i].Config = m
			}
		}
	}
}

func (in *HealthCheck) DeepCopyInto(out *HealthCheck) {
	*out = *in
	in.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	in.Spec.DeepCopyInto(&out.Spec)
	out.Status.StartTime = in.Status.StartTime.DeepCopy()
	out.Status.CompletionTime = in.Status.CompletionTime.DeepCopy()
	if in.Status.Conditions != nil {
		out.Status.Conditions = make([]metav1.Condition, len(in.Status.Conditions))
		for i := range in.Status.Conditions {
			in.Status.Conditions[i].DeepCopyInto(&out.Status.Conditions[i])
		}
	}
}

func (in *HealthCheck) DeepCopyObject() runtime.Object {
	out := &HealthCheck{}
	in.DeepCopyInto(out)
	return out
}

func (in *HealthCheckList) DeepCopyObject() runtime.Object {
	out := &HealthCheckList{TypeMeta: in.TypeMeta}
	in.ListMeta.DeepCopyInto(&out.ListMeta)
	out.Items = make([]HealthCheck, len(in.Items))
	for i := range in.Items {
		in.Items[i].DeepCopyInto(&out.Items[i])
	}
	return out
}
