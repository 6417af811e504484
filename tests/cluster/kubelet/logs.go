package kubelet

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

const (
	logsAnnotation         = "fake.kubelet/logs"          // .CONTAINER for one container
	previousLogsAnnotation = "fake.kubelet/previous-logs" // likewise
)

// serveLogs serves GET /containerLogs/NAMESPACE/POD/CONTAINER to the API server.
func (k *kubelet) serveLogs(listener net.Listener, o Options) error {
	ca, err := os.ReadFile(o.ClientCAFile)
	if err != nil {
		return err
	}
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(ca)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", k.containerLogs)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second,
		TLSConfig: &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients}}
	return server.ServeTLS(listener, o.CertFile, o.KeyFile)
}

func (k *kubelet) containerLogs(w http.ResponseWriter, r *http.Request) {
	pod, err := k.pods.Pods(r.PathValue("namespace")).Get(r.PathValue("pod"))
	if err != nil {
		http.Error(w, fmt.Sprintf("pod %q does not exist", r.PathValue("pod")), http.StatusNotFound)
		return
	}
	q := r.URL.Query()
	lines, err := logLines(pod, r.PathValue("container"), q.Get("previous") == "true")
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	fmt.Fprint(w, selectLines(lines, q, time.Now()))
	if q.Get("follow") == "true" { // nothing more comes
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

type logLine struct {
	at   time.Time
	text string
}

// logLines is what a container wrote: an annotation, or words that fit the
// behavior. The errors are a kubelet's.
func logLines(pod *corev1.Pod, container string, previous bool) ([]logLine, error) {
	var status corev1.ContainerStatus
	for _, s := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
		if s.Name == container {
			status = s
		}
	}
	last := status.LastTerminationState.Terminated
	if previous && last == nil {
		return nil, fmt.Errorf("previous terminated container %q in pod %q not found", container, pod.Name)
	}
	if w := status.State.Waiting; w != nil && last == nil {
		reason := w.Reason
		if strings.HasSuffix(reason, "ImagePull") || strings.HasPrefix(reason, "ImagePull") {
			reason = "trying and failing to pull image"
		}
		return nil, fmt.Errorf("container %q in pod %q is waiting to start: %s", container, pod.Name, reason)
	}
	text := cmp.Or(pod.Annotations[logsAnnotation+"."+container], pod.Annotations[logsAnnotation], defaultLogs(pod, container))
	if previous {
		text = cmp.Or(pod.Annotations[previousLogsAnnotation+"."+container], pod.Annotations[previousLogsAnnotation], text)
	}
	at := pod.CreationTimestamp.Time
	switch {
	case last != nil && (previous || status.State.Running == nil):
		at = last.StartedAt.Time
	case status.State.Running != nil:
		at = status.State.Running.StartedAt.Time
	}
	var lines []logLine
	for _, l := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		line := logLine{at, l}
		// A line that begins with a time was written then.
		first, _, _ := strings.Cut(l, " ")
		if t, err := time.Parse(time.RFC3339Nano, first); err == nil {
			line.at = t
		}
		lines = append(lines, line)
	}
	return lines, nil
}

func defaultLogs(pod *corev1.Pod, container string) string {
	behavior, chosen := behaviorOf(pod)
	if container != chosen {
		behavior = ""
	}
	switch behavior {
	case "crash-loop", "fail":
		return "starting " + container + "\nfatal: configuration value DATABASE_URL is not set\nexiting with code 1"
	case "oom-kill":
		return "starting " + container + "\nloading data set into memory"
	case "complete":
		return "starting " + container + "\ndone"
	case "never-ready":
		return "starting " + container + "\nlistening on :8080\nwarning: not ready: no connection to the database\nGET /ready 503"
	default:
		return "starting " + container + "\nlistening on :8080\nready\nGET /ready 200"
	}
}

// selectLines applies the options of the logs subresource.
func selectLines(lines []logLine, q url.Values, now time.Time) string {
	since := time.Time{}
	if seconds, err := strconv.ParseInt(q.Get("sinceSeconds"), 10, 64); err == nil {
		since = now.Add(-time.Duration(seconds) * time.Second)
	} else if t, err := time.Parse(time.RFC3339, q.Get("sinceTime")); err == nil {
		since = t
	}
	var out []string
	for _, l := range lines {
		if l.at.Before(since) {
			continue
		}
		if q.Get("timestamps") == "true" {
			l.text = l.at.UTC().Format(time.RFC3339Nano) + " " + l.text
		}
		out = append(out, l.text+"\n")
	}
	if n, err := strconv.Atoi(q.Get("tailLines")); err == nil && n >= 0 && n < len(out) {
		out = out[len(out)-n:]
	}
	text := strings.Join(out, "")
	if n, err := strconv.Atoi(q.Get("limitBytes")); err == nil && n >= 0 && n < len(text) {
		text = text[:n]
	}
	return text
}
