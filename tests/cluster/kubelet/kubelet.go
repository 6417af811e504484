// Package kubelet is the kubelets and the scheduler of a cluster in which nothing
// runs: pods are given a node, become Ready or fail as an annotation asks, and
// their logs, also made of annotations, are served to the API server.
package kubelet

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
)

const (
	workers    = 4
	hostIP     = "127.0.0.1"
	queriesPer = 200 // requests per second to the API server
)

// Options of Run. All are required.
type Options struct {
	Kubeconfig        string
	Nodes             int
	CertFile, KeyFile string
	ClientCAFile      string
}

type kubelet struct {
	client    kubernetes.Interface
	pods      listers.PodLister
	nodes     listers.NodeLister
	queue     workqueue.TypedRateLimitingInterface[cache.ObjectName]
	scheduler record.EventRecorder
	recorders map[string]record.EventRecorder // by node

	addresses atomic.Uint32 // pod addresses given out
	turn      atomic.Uint32 // of the nodes

	mu          sync.Mutex
	lastWarning map[types.UID]time.Time // of pods whose warnings are repeated
}

// Run serves until ctx ends, which is no error.
func Run(ctx context.Context, o Options) error {
	config, err := clientcmd.BuildConfigFromFlags("", o.Kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.Burst, config.UserAgent = queriesPer, 2*queriesPer, "kubelet"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", hostIP+":0")
	if err != nil {
		return err
	}
	names, err := registerNodes(ctx, client, o.Nodes, int32(listener.Addr().(*net.TCPAddr).Port))
	if err != nil {
		return err
	}
	broadcaster := record.NewBroadcaster()
	defer broadcaster.Shutdown()
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: client.CoreV1().Events("")})
	factory := informers.NewSharedInformerFactory(client, 0)
	k := &kubelet{
		client:      client,
		pods:        factory.Core().V1().Pods().Lister(),
		nodes:       factory.Core().V1().Nodes().Lister(),
		queue:       workqueue.NewTypedRateLimitingQueue(workqueue.NewTypedItemExponentialFailureRateLimiter[cache.ObjectName](20*time.Millisecond, 5*time.Second)),
		scheduler:   broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "default-scheduler"}),
		recorders:   map[string]record.EventRecorder{},
		lastWarning: map[types.UID]time.Time{},
	}
	for _, name := range names {
		k.recorders[name] = broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "kubelet", Host: name})
	}
	if _, err := factory.Core().V1().Pods().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: k.enqueue, UpdateFunc: func(_, now any) { k.enqueue(now) }, DeleteFunc: k.forget,
	}); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	failed := make(chan error, 1)
	go func() { failed <- k.serveLogs(listener, o) }()
	for range workers {
		go k.work(ctx)
	}
	defer k.queue.ShutDown()
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

func (k *kubelet) enqueue(object any) {
	if name, err := cache.ObjectToName(object); err == nil {
		k.queue.Add(name)
	}
}

func (k *kubelet) forget(object any) {
	if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = gone.Obj
	}
	if pod, ok := object.(*corev1.Pod); ok {
		k.mu.Lock()
		delete(k.lastWarning, pod.UID)
		k.mu.Unlock()
	}
}

func (k *kubelet) work(ctx context.Context) {
	for {
		name, stopped := k.queue.Get()
		if stopped {
			return
		}
		after, err := k.sync(ctx, name)
		switch {
		case err != nil && !apierrors.IsConflict(err): // of a conflict the watch tells
			fmt.Fprintln(os.Stderr, name, err)
			k.queue.AddRateLimited(name)
		case after > 0:
			k.queue.Forget(name)
			k.queue.AddAfter(name, after)
		default:
			k.queue.Forget(name)
		}
		k.queue.Done(name)
	}
}

// sync brings one pod a step forward. It returns when to look at it again, 0 for when it changes.
func (k *kubelet) sync(ctx context.Context, name cache.ObjectName) (time.Duration, error) {
	pod, err := k.pods.Pods(name.Namespace).Get(name.Name)
	if err != nil {
		return 0, nil // gone
	}
	if pod.Spec.NodeName == "" {
		return k.schedule(ctx, pod)
	}
	recorder := k.recorders[pod.Spec.NodeName]
	if recorder == nil {
		return 0, nil // of nobody's node
	}
	if pod.DeletionTimestamp != nil {
		return 0, k.kill(ctx, pod, recorder)
	}
	if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return 0, nil
	}
	k.mu.Lock()
	lastWarning := k.lastWarning[pod.UID]
	k.mu.Unlock()
	now := time.Now()
	step := next(pod, now, lastWarning)
	if step.status.PodIP == "" {
		n := k.addresses.Add(1)
		step.status.PodIP = fmt.Sprintf("10.244.%d.%d", n/250%250, n%250+2)
		step.status.PodIPs = []corev1.PodIP{{IP: step.status.PodIP}}
	}
	if !equality.Semantic.DeepEqual(pod.Status, step.status) {
		changed := pod.DeepCopy()
		changed.Status = step.status
		if _, err := k.client.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, changed, metav1.UpdateOptions{}); err != nil {
			return 0, ignoreNotFound(err)
		}
	}
	for _, e := range step.events {
		recorder.Event(containerReference(pod, e.container), e.kind, e.reason, e.message)
		if e.kind == corev1.EventTypeWarning {
			k.mu.Lock()
			k.lastWarning[pod.UID] = now
			k.mu.Unlock()
		}
	}
	return step.after, nil
}

func (k *kubelet) kill(ctx context.Context, pod *corev1.Pod, recorder record.EventRecorder) error {
	for _, s := range pod.Status.ContainerStatuses {
		if s.State.Running != nil {
			recorder.Event(containerReference(pod, s.Name), corev1.EventTypeNormal, "Killing", "Stopping container "+s.Name)
		}
	}
	now := int64(0)
	return ignoreNotFound(k.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name,
		metav1.DeleteOptions{GracePeriodSeconds: &now, Preconditions: &metav1.Preconditions{UID: &pod.UID}}))
}

func containerReference(pod *corev1.Pod, container string) *corev1.ObjectReference {
	return &corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID,
		ResourceVersion: pod.ResourceVersion, FieldPath: "spec.containers{" + container + "}"}
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
