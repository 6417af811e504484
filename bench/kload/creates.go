package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

const (
	createsLimit = 5 * time.Minute
	warmUp       = 200 // creates before anything is measured
	probeMost    = 1000
)

var connectionCounts = []int{2, 4, 8, 16, 32, 64}

type createsResult struct {
	Cmd         string               `json:"cmd"`
	N           int                  `json:"n"`
	Connections int                  `json:"connections"` // that gave the best rate
	PerS        float64              `json:"create_per_s"`
	Probes      map[int]float64      `json:"create_per_s_by_connections"`
	Procs       map[string]procDelta `json:"procs"`
}

// cmdCreates measures how fast this API server takes children of schedules: what
// any operator could reach. The rate is taken from a watch, as that of an
// operator is, and a second watch is held open, as an operator does.
func cmdCreates(args []string) (any, error) {
	c := newCommon("creates")
	n := c.fs.Int("n", 1000, "how many children are created at once")
	k, err := c.client(args)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), createsLimit)
	defer cancel()
	if _, err := k.watch(ctx, hcPath, "", func(*event) {}); err != nil {
		return nil, err
	}
	b := &creator{k: k, run: newRun(), seen: map[string][]time.Time{}}
	if b.w, err = k.watch(ctx, hcPath, scheduledBy, b.see); err != nil {
		return nil, err
	}
	if _, err := b.measure(ctx, "warm", warmUp, makers); err != nil {
		return nil, err
	}
	res := &createsResult{Cmd: "creates", N: *n, Probes: map[int]float64{}}
	for _, conns := range connectionCounts {
		rate, err := b.measure(ctx, fmt.Sprint("probe", conns), min(*n, probeMost), conns)
		if err != nil {
			return nil, err
		}
		res.Probes[conns] = r3(rate)
		if rate > res.Probes[res.Connections] {
			res.Connections = conns
		}
	}
	p0 := c.procs()
	rate, err := b.measure(ctx, "all", *n, max(1, res.Connections))
	res.PerS, res.Procs = r3(rate), procDiff(p0, c.procs(), *n)
	return res, err
}

// creator creates children in batches and notes when the watch shows them.
type creator struct {
	k   *kube
	run string
	w   *watcher

	mu   sync.Mutex
	seen map[string][]time.Time // by batch
}

func (b *creator) see(e *event) {
	if parts := strings.Split(e.Object.Metadata.Name, "-"); e.Type == "ADDED" && len(parts) > 2 {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.seen[parts[1]] = append(b.seen[parts[1]], e.at)
	}
}

// measure creates n children on so many connections and returns the burst's rate.
func (b *creator) measure(ctx context.Context, batch string, n, connections int) (float64, error) {
	k, err := b.k.connections(connections)
	if err != nil {
		return 0, err
	}
	err = parallel(n, connections, func(i int) error {
		_, err := k.post(ctx, hcPath, childJSON(fmt.Sprintf("kr-%s-%s-%05d", batch, b.run, i)))
		return err
	})
	if err != nil {
		return 0, err
	}
	for {
		b.mu.Lock()
		at := b.seen[batch]
		b.mu.Unlock()
		if len(at) >= n {
			return burstRate(at), nil
		}
		select {
		case err := <-b.w.errs:
			return 0, err
		case <-ctx.Done():
			return 0, fmt.Errorf("the watch showed %d of %d children", len(at), n)
		case <-time.After(pollInterval):
		}
	}
}

// childJSON is as large as what an operator creates for a schedule of this name.
func childJSON(schedule string) []byte {
	return []byte(`{"apiVersion":"holmesgpt.dev/v1alpha1","kind":"HealthCheck","metadata":{"name":"` + schedule + `-20260101-000000-0a1b2c","namespace":"default",` +
		`"labels":{"` + scheduledBy + `":"` + schedule + `"},"annotations":{"` + scheduledAt + `":"2026-01-01T00:00:00Z"},"ownerReferences":[{"apiVersion":"holmesgpt.dev/v1alpha1",` +
		`"kind":"ScheduledHealthCheck","name":"` + schedule + `","uid":"7d3f2c1e-5a4b-4c3d-9e8f-0123456789ab","controller":true,"blockOwnerDeletion":true}]},"spec":{` + specJSON + `}}`)
}

// connections is a client that spreads its requests over so many HTTP/1.1
// connections; client-go's own puts all of them on one HTTP/2 connection.
func (k *kube) connections(n int) (*kube, error) {
	tls, err := rest.TLSConfigFor(k.cfg)
	if err != nil {
		return nil, err
	}
	tls.NextProtos = nil
	rt, err := rest.HTTPWrappersForConfig(k.cfg, &http.Transport{TLSClientConfig: tls, MaxConnsPerHost: n, MaxIdleConnsPerHost: n})
	if err != nil {
		return nil, err
	}
	cfg := rest.CopyConfig(k.cfg)
	cfg.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	rc, err := rest.UnversionedRESTClientForConfigAndClient(cfg, &http.Client{Transport: rt})
	if err != nil {
		return nil, err
	}
	return &kube{rc, cfg}, nil
}
