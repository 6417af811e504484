package kubelet

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func makePod(annotations map[string]string, policy corev1.RestartPolicy) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web", UID: "u-1", Annotations: annotations},
		Spec:       corev1.PodSpec{RestartPolicy: policy, Containers: []corev1.Container{{Name: "app", Image: "app:1"}, {Name: "side", Image: "side:1"}}},
	}
}

// advance applies steps until one asks for more than limit, and returns all events' reasons.
func advance(pod *corev1.Pod, now time.Time, limit time.Duration) (time.Time, map[string]int) {
	reasons := map[string]int{}
	for range 20 {
		s := next(pod, now, time.Time{})
		pod.Status = s.status
		for _, e := range s.events {
			reasons[e.reason]++
		}
		if s.after == 0 || s.after > limit {
			break
		}
		now = now.Add(s.after)
	}
	return now, reasons
}

func condition(pod *corev1.Pod, kind corev1.PodConditionType) corev1.ConditionStatus {
	for _, c := range pod.Status.Conditions {
		if c.Type == kind {
			return c.Status
		}
	}
	return "absent"
}

func TestPodWithoutBehaviorRunsAndIsReadyAtOnce(t *testing.T) {
	pod := makePod(nil, corev1.RestartPolicyAlways)
	_, reasons := advance(pod, start, time.Second)
	if pod.Status.Phase != corev1.PodRunning || condition(pod, corev1.PodReady) != corev1.ConditionTrue || reasons["Started"] != 2 {
		t.Fatalf("%+v %v", pod.Status, reasons)
	}
	if again := next(pod, start.Add(time.Hour), time.Time{}); len(again.events) != 0 || again.after != 0 {
		t.Fatalf("a pod that runs is left alone: %+v", again)
	}
}

func TestCrashLoopRestartsLaterAndLaterAndStaysUnready(t *testing.T) {
	pod := makePod(map[string]string{behaviorAnnotation: "crash-loop"}, corev1.RestartPolicyAlways)
	now, _ := advance(pod, start, time.Second)
	app := &pod.Status.ContainerStatuses[0]
	if w := app.State.Waiting; w == nil || w.Reason != "CrashLoopBackOff" || w.Message != "back-off 10s restarting failed container=app pod=web_default(u-1)" {
		t.Fatalf("%+v", app)
	}
	if last := app.LastTerminationState.Terminated; last == nil || last.ExitCode != 1 || app.RestartCount != 1 {
		t.Fatalf("%+v", app)
	}
	for i, wait := range []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, 5 * time.Minute, 5 * time.Minute} {
		restarts := int32(i + 1)
		pod.Status = next(pod, now.Add(wait-time.Second), now).status
		if got := pod.Status.ContainerStatuses[0].RestartCount; got != restarts {
			t.Fatalf("restart %d came before %s: %d", restarts+1, wait, got)
		}
		now = now.Add(wait)
		pod.Status = next(pod, now, now).status
		if got := pod.Status.ContainerStatuses[0].RestartCount; got != restarts+1 {
			t.Fatalf("restart %d did not come after %s: %d", restarts+1, wait, got)
		}
	}
	if pod.Status.Phase != corev1.PodRunning || condition(pod, corev1.PodReady) != corev1.ConditionFalse || !pod.Status.ContainerStatuses[1].Ready {
		t.Fatalf("%+v", pod.Status)
	}
}

func TestCrashLoopThatIsTakenBackRecovers(t *testing.T) {
	pod := makePod(map[string]string{behaviorAnnotation: "crash-loop"}, corev1.RestartPolicyAlways)
	now, _ := advance(pod, start, time.Second)
	pod.Annotations = nil
	advance(pod, now, time.Second)
	if app := pod.Status.ContainerStatuses[0]; !app.Ready || app.RestartCount != 2 || condition(pod, corev1.PodReady) != corev1.ConditionTrue {
		t.Fatalf("%+v", app)
	}
}

func TestBehaviorsEndInTheStateTheyName(t *testing.T) {
	for _, c := range []struct {
		behavior string
		policy   corev1.RestartPolicy
		phase    corev1.PodPhase
		waiting  string
		ended    string
		event    string
	}{
		{"image-pull-error", corev1.RestartPolicyAlways, corev1.PodPending, "ImagePullBackOff", "", "BackOff"},
		{"never-ready", corev1.RestartPolicyAlways, corev1.PodRunning, "", "", "Unhealthy"},
		{"oom-kill", corev1.RestartPolicyAlways, corev1.PodRunning, "CrashLoopBackOff", "", "BackOff"},
		{"fail", corev1.RestartPolicyAlways, corev1.PodRunning, "CrashLoopBackOff", "", "BackOff"},
		{"fail", corev1.RestartPolicyNever, corev1.PodFailed, "", "Error", "Started"},
		{"complete", corev1.RestartPolicyNever, corev1.PodSucceeded, "", "Completed", "Started"},
	} {
		pod := makePod(map[string]string{behaviorAnnotation: c.behavior}, c.policy)
		_, reasons := advance(pod, start, time.Second)
		app := pod.Status.ContainerStatuses[0]
		waiting, ended := "", ""
		if app.State.Waiting != nil {
			waiting = app.State.Waiting.Reason
		}
		if app.State.Terminated != nil {
			ended = app.State.Terminated.Reason
		}
		if pod.Status.Phase != c.phase || waiting != c.waiting || ended != c.ended || reasons[c.event] == 0 || condition(pod, corev1.PodReady) != corev1.ConditionFalse {
			t.Errorf("%s, restartPolicy %s: phase %s, waiting %q, ended %q, events %v", c.behavior, c.policy, pod.Status.Phase, waiting, ended, reasons)
		}
	}
}

func TestWarningsAreRepeatedEveryTenSecondsOnly(t *testing.T) {
	pod := makePod(map[string]string{behaviorAnnotation: "never-ready"}, corev1.RestartPolicyAlways)
	advance(pod, start, time.Second)
	if s := next(pod, start.Add(9*time.Second), start); len(s.events) != 0 {
		t.Fatalf("%+v", s.events)
	}
	if s := next(pod, start.Add(10*time.Second), start); len(s.events) != 1 || s.events[0].reason != "Unhealthy" {
		t.Fatalf("%+v", s.events)
	}
}
