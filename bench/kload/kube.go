package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	crdPath  = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
	runLabel = "kload-run"
)

var hcPath = hcPathIn("default")

// kube is a client-go REST client fed with ready bytes, so that the harness
// takes as little of the shared CPUs as it can.
type kube struct {
	rest.Interface
	cfg *rest.Config
}

// common holds the flags of the commands that load a cluster.
type common struct {
	fs         *flag.FlagSet
	kubeconfig *string
	pid        *int
	also       *string
}

func newCommon(name string) *common {
	fs := flag.NewFlagSet(name, flag.ExitOnError)
	return &common{fs: fs,
		kubeconfig: fs.String("kubeconfig", os.Getenv("KUBECONFIG"), "kubeconfig"),
		pid:        fs.Int("pid", 0, "the operator's process, to read memory and CPU from"),
		also:       fs.String("also", "", "more processes to read: name=pid,name=pid")}
}

func (c *common) client(args []string) (*kube, error) {
	c.fs.Parse(args)
	cfg, err := clientcmd.BuildConfigFromFlags("", *c.kubeconfig)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(cfg.Host, "https://127.0.0.1:") && !strings.HasPrefix(cfg.Host, "https://localhost:") {
		return nil, fmt.Errorf("refusing to load %s: only an API server on this machine's loopback is loaded", cfg.Host)
	}
	cfg.QPS, cfg.Burst = -1, 0
	cfg.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	cfg.ContentType, cfg.AcceptContentTypes = "application/json", "application/json"
	rc, err := rest.UnversionedRESTClientFor(cfg)
	if err != nil {
		return nil, err
	}
	return &kube{rc, cfg}, nil
}

func hcPathIn(namespace string) string {
	return "/apis/holmesgpt.dev/v1alpha1/namespaces/" + namespace + "/healthchecks"
}

func (k *kube) post(ctx context.Context, path string, body []byte) ([]byte, error) {
	return k.Post().AbsPath(path).Body(body).DoRaw(ctx)
}
func (k *kube) put(ctx context.Context, path string, body []byte) ([]byte, error) {
	return k.Put().AbsPath(path).Body(body).DoRaw(ctx)
}

type event struct {
	Type   string `json:"type"`
	Object struct {
		Metadata struct {
			Name        string            `json:"name"`
			Labels      map[string]string `json:"labels"`
			Annotations map[string]string `json:"annotations"`
		} `json:"metadata"`
		Status  struct{ Phase, Result string } `json:"status"`
		Message string                         `json:"message"` // of an error
	} `json:"object"`
	at time.Time
}

// watcher is one watch, kept up across the API server's closing of it: an API
// server that is short of CPU closes watches whose small buffers are full, and a
// client goes on from the last resourceVersion, losing nothing.
type watcher struct {
	errs       chan error
	reconnects atomic.Int64
}

// watch streams events from now on to f until ctx ends. It returns once the
// watch is established; a failure later goes to errs.
func (k *kube) watch(ctx context.Context, path, selector string, f func(*event)) (*watcher, error) {
	type meta struct {
		Metadata struct{ ResourceVersion string }
	}
	raw, err := k.Get().AbsPath(path).Param("limit", "1").DoRaw(ctx)
	if err != nil {
		return nil, err
	}
	var list meta
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, err
	}
	// A connection of its own: the load must not delay what the watch reads.
	cfg := rest.CopyConfig(k.cfg)
	cfg.UserAgent = "kload-watch"
	cfg.TLSClientConfig.NextProtos = []string{"http/1.1"}
	rc, err := rest.UnversionedRESTClientFor(cfg)
	if err != nil {
		return nil, err
	}
	open := func(rv string) (io.ReadCloser, error) {
		return rc.Get().AbsPath(path).Param("watch", "1").Param("resourceVersion", rv).Param("allowWatchBookmarks", "true").
			Param("labelSelector", selector).Param("timeoutSeconds", "3000").Stream(ctx)
	}
	body, err := open(list.Metadata.ResourceVersion)
	if err != nil {
		return nil, err
	}
	w := &watcher{errs: make(chan error, 2)}
	// One goroutine stamps the time, the other decodes.
	type line struct {
		b  []byte
		at time.Time
	}
	lines := make(chan line, 1<<17)
	go func() {
		defer close(lines)
		rv := list.Metadata.ResourceVersion
		for {
			var last []byte
			for r := bufio.NewReaderSize(body, 1<<18); ; {
				b, err := r.ReadBytes('\n')
				if err != nil {
					break // an incomplete line comes again after the reconnect
				}
				last = b
				lines <- line{b, time.Now()}
			}
			body.Close()
			if ctx.Err() != nil {
				return
			}
			if last != nil {
				var e struct{ Object meta }
				if err := json.Unmarshal(last, &e); err == nil && e.Object.Metadata.ResourceVersion != "" {
					rv = e.Object.Metadata.ResourceVersion
				}
			}
			if w.reconnects.Add(1) > 20000 {
				w.errs <- fmt.Errorf("watch: closed too often")
				return
			}
			for try := 0; ; try++ {
				if body, err = open(rv); err == nil {
					break
				} else if ctx.Err() != nil {
					return
				} else if try == 50 {
					w.errs <- fmt.Errorf("watch: %w", err)
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		}
	}()
	go func() {
		for l := range lines {
			var e event
			if err := json.Unmarshal(l.b, &e); err != nil {
				w.errs <- err
				return
			}
			if e.Type == "ERROR" {
				w.errs <- fmt.Errorf("watch: %s", e.Object.Message)
				return
			}
			if e.Type != "BOOKMARK" {
				e.at = l.at
				f(&e)
			}
		}
	}()
	return w, nil
}
