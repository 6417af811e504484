package kubelet

import (
	"net/url"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

func TestLogsComeFromTheAnnotationOfTheContainerFirst(t *testing.T) {
	pod := makePod(map[string]string{logsAnnotation: "all", logsAnnotation + ".side": "one\ntwo\n"}, corev1.RestartPolicyAlways)
	advance(pod, start, time.Second)
	for container, want := range map[string]string{"app": "all\n", "side": "one\ntwo\n"} {
		lines, err := logLines(pod, container, false)
		if got := selectLines(lines, url.Values{}, start); err != nil || got != want {
			t.Errorf("%s: %q %v", container, got, err)
		}
	}
}

func TestPreviousLogsNeedAnEarlierContainer(t *testing.T) {
	pod := makePod(map[string]string{behaviorAnnotation: "crash-loop", previousLogsAnnotation: "boom"}, corev1.RestartPolicyAlways)
	advance(pod, start, time.Second)
	if lines, err := logLines(pod, "app", true); err != nil || len(lines) != 1 || lines[0].text != "boom" {
		t.Errorf("%v %v", lines, err)
	}
	if _, err := logLines(pod, "side", true); err == nil || err.Error() != `previous terminated container "side" in pod "web" not found` {
		t.Errorf("%v", err)
	}
}

func TestLogsOfAContainerThatNeverStartedSayWhy(t *testing.T) {
	pod := makePod(map[string]string{behaviorAnnotation: "image-pull-error"}, corev1.RestartPolicyAlways)
	advance(pod, start, time.Second)
	if _, err := logLines(pod, "app", false); err == nil || !strings.Contains(err.Error(), "waiting to start: trying and failing to pull image") {
		t.Errorf("%v", err)
	}
}

func TestLogOptionsSelectLines(t *testing.T) {
	pod := makePod(map[string]string{logsAnnotation: "2026-01-02T02:00:00Z old\nfirst\nsecond"}, corev1.RestartPolicyAlways)
	advance(pod, start, time.Second)
	lines, err := logLines(pod, "app", false)
	if err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"":                "2026-01-02T02:00:00Z old\nfirst\nsecond\n",
		"tailLines=1":     "second\n",
		"tailLines=0":     "",
		"sinceSeconds=60": "first\nsecond\n",
		"sinceTime=2026-01-02T03:00:00Z&tailLines=9":  "first\nsecond\n",
		"sinceSeconds=60&timestamps=true&tailLines=1": "2026-01-02T03:04:05Z second\n",
		"sinceSeconds=60&limitBytes=3":                "fir",
	} {
		q, _ := url.ParseQuery(query)
		if got := selectLines(lines, q, start.Add(time.Second)); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}
