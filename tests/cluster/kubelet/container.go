package kubelet

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// containerStep works out one container's next status and what is told of it.
type containerStep struct {
	pod    *corev1.Pod
	spec   *corev1.Container
	now    time.Time
	warn   bool // the last warning is long enough ago for another
	status corev1.ContainerStatus
	step   *step
}

func (c *containerStep) behave(behavior string) {
	e, ends := exits[behavior]
	switch {
	case ends && (behavior == "crash-loop" || behavior == "oom-kill" || c.pod.Spec.RestartPolicy == corev1.RestartPolicyAlways):
		c.crashLoop(e)
	case ends:
		c.runOnce(e)
	case behavior == "image-pull-error":
		c.imagePullError()
	case behavior == "never-ready":
		c.run(false)
		if c.warn {
			c.warning("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
		}
		c.again(warningPeriod)
	default:
		c.run(true)
	}
}

// run is a container that runs and is ready, or never gets ready.
func (c *containerStep) run(ready bool) {
	if c.status.State.Running == nil {
		if c.status.LastTerminationState.Terminated != nil {
			c.status.RestartCount++
		}
		c.start()
		c.status.State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(c.now)}}
	}
	yes := true
	c.status.Ready, c.status.Started = ready, &yes
}

// start tells what a kubelet tells of each start.
func (c *containerStep) start() {
	c.status.ImageID, c.status.ContainerID = "none://"+c.spec.Image, "none://"+c.spec.Name
	c.normal("Pulled", fmt.Sprintf("Container image %q already present on machine", c.spec.Image))
	c.normal("Created", "Created container: "+c.spec.Name)
	c.normal("Started", "Started container "+c.spec.Name)
}

// runOnce is a container that runs a moment and ends, and with it the pod.
func (c *containerStep) runOnce(e exit) {
	running := c.status.State.Running
	if running == nil {
		c.run(true)
		c.again(shortRun)
	} else if left := shortRun - c.now.Sub(running.StartedAt.Time); left > 0 {
		c.again(left)
	} else {
		c.status.State = corev1.ContainerState{Terminated: terminated(e, running.StartedAt.Time, c.now)}
		c.status.Ready, c.status.Started, c.step.ended = false, nil, &e
	}
}

// crashLoop: the first end is seen for a moment, from then on it waits for the next start.
func (c *containerStep) crashLoop(e exit) {
	no := false
	c.status.Ready, c.status.Started = false, &no
	last := c.status.LastTerminationState.Terminated
	switch state := c.status.State; {
	case state.Terminated != nil:
		c.status.LastTerminationState = corev1.ContainerState{Terminated: state.Terminated}
		c.status.RestartCount = max(c.status.RestartCount+1, restartsAtStart(c.pod))
		c.backOff()
	case state.Waiting == nil || last == nil:
		c.start()
		started := c.now
		if state.Running != nil {
			started = state.Running.StartedAt.Time
		}
		c.status.State = corev1.ContainerState{Terminated: terminated(e, started, c.now)}
		c.again(crashToBackoff)
	default:
		wait := backoffAfter(c.pod, c.status.RestartCount)
		if left := wait - c.now.Sub(last.FinishedAt.Time); left > 0 {
			if c.warn {
				c.backOffWarning()
			}
			c.again(min(left, warningPeriod))
			return
		}
		c.start()
		c.status.LastTerminationState = corev1.ContainerState{Terminated: terminated(e, c.now, c.now)}
		c.status.RestartCount++
		c.backOff()
	}
}

func (c *containerStep) backOff() {
	wait := backoffAfter(c.pod, c.status.RestartCount)
	c.status.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff",
		Message: fmt.Sprintf("back-off %s restarting failed container=%s pod=%s", wait, c.spec.Name, podName(c.pod))}}
	c.backOffWarning()
	c.again(min(wait, warningPeriod))
}

func (c *containerStep) backOffWarning() {
	c.warning("BackOff", fmt.Sprintf("Back-off restarting failed container %s in pod %s", c.spec.Name, podName(c.pod)))
}

func (c *containerStep) imagePullError() {
	image := c.spec.Image
	cause := fmt.Sprintf("rpc error: code = NotFound desc = failed to pull and unpack image %q: failed to resolve reference %q: %s: not found", image, image, image)
	no := false
	c.status.Ready, c.status.Started = false, &no
	waiting := func(reason, message string) {
		c.status.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
	}
	backOff := func() {
		c.step.events = append(c.step.events, event{c.spec.Name, corev1.EventTypeNormal, "BackOff", fmt.Sprintf("Back-off pulling image %q", image)})
		c.warning("Failed", "Error: ImagePullBackOff")
	}
	switch w := c.status.State.Waiting; {
	case w != nil && w.Reason == "ErrImagePull":
		waiting("ImagePullBackOff", fmt.Sprintf("Back-off pulling image %q: ErrImagePull: %s", image, cause))
		backOff()
	case w != nil && w.Reason == "ImagePullBackOff":
		if c.warn {
			backOff()
		}
	default:
		c.normal("Pulling", fmt.Sprintf("Pulling image %q", image))
		c.warning("Failed", fmt.Sprintf("Failed to pull image %q: %s", image, cause))
		c.warning("Failed", "Error: ErrImagePull")
		waiting("ErrImagePull", cause)
		c.again(crashToBackoff)
		return
	}
	c.again(warningPeriod)
}

func (c *containerStep) normal(reason, message string) {
	c.step.events = append(c.step.events, event{c.spec.Name, corev1.EventTypeNormal, reason, message})
}

func (c *containerStep) warning(reason, message string) {
	c.step.events = append(c.step.events, event{c.spec.Name, corev1.EventTypeWarning, reason, message})
}

func (c *containerStep) again(after time.Duration) {
	if c.step.after == 0 || after < c.step.after {
		c.step.after = after
	}
}
