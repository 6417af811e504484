package kubelet

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	nodeaffinity "k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"k8s.io/client-go/kubernetes"
)

const scheduleAgain = time.Second

// registerNodes makes the nodes node-1, node-2, ..., Ready, and returns their names.
func registerNodes(ctx context.Context, client kubernetes.Interface, count int, port int32) ([]string, error) {
	var names []string
	for i := range count {
		node := makeNode(fmt.Sprintf("node-%d", i+1), port)
		names = append(names, node.Name)
		// Of an earlier kubelet: its port is not ours.
		if err := client.CoreV1().Nodes().Delete(ctx, node.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			return nil, err
		}
		made, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
		if err != nil {
			return nil, err
		}
		// Admission taints each new node; the controller that takes the taint off does not run here.
		made.Spec.Taints = nil
		if _, err := client.CoreV1().Nodes().Update(ctx, made, metav1.UpdateOptions{}); err != nil {
			return nil, err
		}
	}
	return names, nil
}

func makeNode(name string, port int32) *corev1.Node {
	now := metav1.Now()
	condition := func(kind corev1.NodeConditionType, status corev1.ConditionStatus, reason, message string) corev1.NodeCondition {
		return corev1.NodeCondition{Type: kind, Status: status, Reason: reason, Message: message, LastHeartbeatTime: now, LastTransitionTime: now}
	}
	resources := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("8"), corev1.ResourceMemory: resource.MustParse("32Gi"),
		corev1.ResourceEphemeralStorage: resource.MustParse("100Gi"), corev1.ResourcePods: resource.MustParse("500"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
			corev1.LabelHostname: name, corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64"}},
		Status: corev1.NodeStatus{
			Capacity: resources, Allocatable: resources,
			Addresses:       []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: hostIP}, {Type: corev1.NodeHostName, Address: name}},
			DaemonEndpoints: corev1.NodeDaemonEndpoints{KubeletEndpoint: corev1.DaemonEndpoint{Port: port}},
			NodeInfo: corev1.NodeSystemInfo{KubeletVersion: "v1.35.4", OperatingSystem: "linux", Architecture: "amd64",
				OSImage: "none", KernelVersion: "none", ContainerRuntimeVersion: "none://0"},
			Conditions: []corev1.NodeCondition{
				condition(corev1.NodeMemoryPressure, corev1.ConditionFalse, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
				condition(corev1.NodeDiskPressure, corev1.ConditionFalse, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
				condition(corev1.NodePIDPressure, corev1.ConditionFalse, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
				condition(corev1.NodeReady, corev1.ConditionTrue, "KubeletReady", "kubelet is posting ready status"),
			},
		},
	}
}

// schedule binds a pod to a node that takes it, in turn; else it says so as the
// scheduler does. Resources are compared with a whole node, not with what is left.
func (k *kubelet) schedule(ctx context.Context, pod *corev1.Pod) (time.Duration, error) {
	if pod.DeletionTimestamp != nil || pod.Spec.SchedulerName != corev1.DefaultSchedulerName || len(pod.Spec.SchedulingGates) > 0 {
		return 0, nil
	}
	var fit []string
	refused := map[string]int{}
	for name := range k.recorders {
		node, err := k.nodes.Get(name)
		if err != nil {
			continue
		}
		if reason := refuses(node, pod); reason != "" {
			refused[reason]++
		} else {
			fit = append(fit, name)
		}
	}
	if len(fit) == 0 {
		return scheduleAgain, k.unschedulable(ctx, pod, refused)
	}
	node := fit[int(k.turn.Add(1))%len(fit)]
	err := k.client.CoreV1().Pods(pod.Namespace).Bind(ctx, &corev1.Binding{
		ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
		Target:     corev1.ObjectReference{Kind: "Node", Name: node}}, metav1.CreateOptions{})
	if err == nil {
		k.scheduler.Eventf(pod, corev1.EventTypeNormal, "Scheduled", "Successfully assigned %s/%s to %s", pod.Namespace, pod.Name, node)
	}
	return 0, ignoreNotFound(err)
}

// refuses is why the node does not take the pod, in the scheduler's words, or empty.
func refuses(node *corev1.Node, pod *corev1.Pod) string {
	if node.Spec.Unschedulable {
		return "node(s) were unschedulable"
	}
	if match, err := nodeaffinity.GetRequiredNodeAffinity(pod).Match(node); err != nil || !match {
		return "node(s) didn't match Pod's node affinity/selector"
	}
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		var sum resource.Quantity
		for _, c := range pod.Spec.Containers {
			sum.Add(c.Resources.Requests[name])
		}
		if sum.Cmp(node.Status.Allocatable[name]) > 0 {
			return "Insufficient " + string(name)
		}
	}
	return ""
}

func (k *kubelet) unschedulable(ctx context.Context, pod *corev1.Pod, refused map[string]int) error {
	message := fmt.Sprintf("0/%d nodes are available", len(k.recorders))
	separator := ": "
	for _, reason := range []string{"Insufficient cpu", "Insufficient memory", "node(s) didn't match Pod's node affinity/selector", "node(s) were unschedulable"} {
		if refused[reason] > 0 {
			message += fmt.Sprintf("%s%d %s", separator, refused[reason], reason)
			separator = ", "
		}
	}
	message += "."
	changed := pod.DeepCopy()
	if !setCondition(&changed.Status, time.Now(), corev1.PodScheduled, corev1.ConditionFalse, corev1.PodReasonUnschedulable, message) {
		return nil
	}
	if _, err := k.client.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, changed, metav1.UpdateOptions{}); err != nil {
		return ignoreNotFound(err)
	}
	k.scheduler.Event(pod, corev1.EventTypeWarning, "FailedScheduling", message)
	return nil
}
