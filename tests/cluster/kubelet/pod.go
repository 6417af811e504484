package kubelet

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Annotations of a pod that say what becomes of it; README.md tells the values.
const (
	behaviorAnnotation  = "fake.kubelet/behavior"
	containerAnnotation = "fake.kubelet/container"
	restartsAnnotation  = "fake.kubelet/restarts"
	backoffAnnotation   = "fake.kubelet/backoff"
)

const (
	firstBackoff   = 10 * time.Second
	maxBackoff     = 5 * time.Minute
	warningPeriod  = 10 * time.Second
	shortRun       = 500 * time.Millisecond // of a container that ends by itself
	crashToBackoff = 300 * time.Millisecond
)

type event struct{ container, kind, reason, message string }

// step is what a kubelet does with a pod now.
type step struct {
	status corev1.PodStatus
	events []event
	after  time.Duration // when to look again; 0: when the pod changes
	ended  *exit         // of the container that ends the pod
}

// exit is how a container ends.
type exit struct {
	code   int32
	reason string
}

// exits are the behaviors whose container ends by itself.
var exits = map[string]exit{
	"crash-loop": {1, "Error"}, "oom-kill": {137, "OOMKilled"}, "fail": {1, "Error"}, "complete": {0, "Completed"},
}

// next is a pure function: all that it remembers is in the pod's status, so a
// kubelet can be restarted at any time. lastWarning is when it last warned of this pod.
func next(pod *corev1.Pod, now time.Time, lastWarning time.Time) step {
	s := step{status: *pod.Status.DeepCopy()}
	s.status.HostIP, s.status.HostIPs = hostIP, []corev1.HostIP{{IP: hostIP}}
	if s.status.StartTime == nil {
		s.status.StartTime = &metav1.Time{Time: now.Truncate(time.Second)}
	}
	s.status.InitContainerStatuses = initStatuses(pod, now)
	s.status.ContainerStatuses = nil
	behavior, chosen := behaviorOf(pod)
	for i := range pod.Spec.Containers {
		c := &containerStep{pod: pod, spec: &pod.Spec.Containers[i], now: now, step: &s, warn: now.Sub(lastWarning) >= warningPeriod}
		c.status = statusOf(pod.Status.ContainerStatuses, c.spec)
		if c.spec.Name == chosen {
			c.behave(behavior)
		} else {
			c.run(true)
		}
		s.status.ContainerStatuses = append(s.status.ContainerStatuses, c.status)
	}
	s.conclude(now)
	return s
}

// behaviorOf is the pod's behavior and the container that shows it.
func behaviorOf(pod *corev1.Pod) (behavior, container string) {
	behavior, container = pod.Annotations[behaviorAnnotation], pod.Annotations[containerAnnotation]
	if container == "" {
		container = pod.Spec.Containers[0].Name
	}
	if owner := metav1.GetControllerOf(pod); behavior == "" && owner != nil && owner.Kind == "Job" {
		behavior = "complete"
	}
	return behavior, container
}

func initStatuses(pod *corev1.Pod, now time.Time) []corev1.ContainerStatus {
	if len(pod.Status.InitContainerStatuses) > 0 {
		return pod.Status.InitContainerStatuses
	}
	var all []corev1.ContainerStatus
	for i := range pod.Spec.InitContainers {
		s := statusOf(nil, &pod.Spec.InitContainers[i])
		s.Ready, s.State.Terminated = true, terminated(exits["complete"], now, now)
		all = append(all, s)
	}
	return all
}

// conclude derives the pod's phase and conditions from its containers.
func (s *step) conclude(now time.Time) {
	var unready []string
	pending := false
	for _, c := range s.status.ContainerStatuses {
		if !c.Ready {
			unready = append(unready, c.Name)
		}
		if w := c.State.Waiting; w != nil && c.LastTerminationState.Terminated == nil {
			pending = true
		}
	}
	ready, reason, message := corev1.ConditionTrue, "", ""
	if len(unready) > 0 {
		ready, reason, message = corev1.ConditionFalse, "ContainersNotReady", "containers with unready status: ["+strings.Join(unready, " ")+"]"
	}
	switch {
	case s.ended != nil && s.ended.code != 0:
		s.status.Phase, reason, message = corev1.PodFailed, "PodFailed", ""
	case s.ended != nil:
		s.status.Phase, reason, message = corev1.PodSucceeded, "PodCompleted", ""
	case pending:
		s.status.Phase = corev1.PodPending
	default:
		s.status.Phase = corev1.PodRunning
	}
	setCondition(&s.status, now, corev1.PodReadyToStartContainers, corev1.ConditionTrue, "", "")
	setCondition(&s.status, now, corev1.PodInitialized, corev1.ConditionTrue, "", "")
	setCondition(&s.status, now, corev1.ContainersReady, ready, reason, message)
	setCondition(&s.status, now, corev1.PodReady, ready, reason, message)
}

// setCondition returns whether it changed anything.
func setCondition(status *corev1.PodStatus, now time.Time, kind corev1.PodConditionType, value corev1.ConditionStatus, reason, message string) bool {
	for i := range status.Conditions {
		c := &status.Conditions[i]
		if c.Type != kind {
			continue
		}
		if c.Status == value && c.Reason == reason && c.Message == message {
			return false
		}
		if c.Status != value {
			c.LastTransitionTime = metav1.NewTime(now)
		}
		c.Status, c.Reason, c.Message = value, reason, message
		return true
	}
	status.Conditions = append(status.Conditions, corev1.PodCondition{Type: kind, Status: value, Reason: reason, Message: message, LastTransitionTime: metav1.NewTime(now)})
	return true
}

func statusOf(all []corev1.ContainerStatus, spec *corev1.Container) corev1.ContainerStatus {
	for _, s := range all {
		if s.Name == spec.Name {
			return *s.DeepCopy()
		}
	}
	return corev1.ContainerStatus{Name: spec.Name, Image: spec.Image}
}

func terminated(e exit, started, finished time.Time) *corev1.ContainerStateTerminated {
	return &corev1.ContainerStateTerminated{ExitCode: e.code, Reason: e.reason, StartedAt: metav1.NewTime(started), FinishedAt: metav1.NewTime(finished), ContainerID: "none://0"}
}

// backoffAfter is how long a container that was restarted n times waits for the next time.
func backoffAfter(pod *corev1.Pod, restarts int32) time.Duration {
	wait, err := time.ParseDuration(pod.Annotations[backoffAnnotation])
	if err != nil || wait <= 0 {
		wait = firstBackoff
	}
	for ; restarts > 1 && wait < maxBackoff; restarts-- {
		wait *= 2
	}
	return min(wait, maxBackoff)
}

func restartsAtStart(pod *corev1.Pod) int32 {
	n, err := strconv.ParseInt(pod.Annotations[restartsAnnotation], 10, 31)
	if err != nil || n < 1 {
		return 1
	}
	return int32(n)
}

func podName(pod *corev1.Pod) string {
	return fmt.Sprintf("%s_%s(%s)", pod.Name, pod.Namespace, pod.UID)
}
