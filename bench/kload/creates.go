package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

const (
	createsLimit = 5 * time.Minute
	warmUp       = 200 // creates on each number of connections before they are measured
	probeMost    = 1000
	repeats      = 3 // odd; of the best number of connections
)

var connectionCounts = []int{2, 4, 8, 16, 32, 64}

type createsResult struct {
	Cmd         string               `json:"cmd"`
	N           int                  `json:"n"`
	Connections int                  `json:"connections"`  // that gave the best rate
	PerS        float64              `json:"create_per_s"` // median of all
	All         []float64            `json:"create_per_s_all"`
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
	b := &creator{run: newRun(), seen: map[string][]time.Time{}}
	if b.w, err = k.watch(ctx, hcPath, scheduledBy, b.see); err != nil {
		return nil, err
	}
	res := &createsResult{Cmd: "creates", N: *n, Probes: map[int]float64{}}
	clients := map[int]*kube{}
	for _, conns := range connectionCounts {
		if clients[conns], err = k.connections(conns); err != nil {
			return nil, err
		}
		if _, err := b.measure(ctx, clients[conns], fmt.Sprint("warm", conns), warmUp, conns); err != nil {
			return nil, err
		}
		rate, err := b.measure(ctx, clients[conns], fmt.Sprint("probe", conns), min(*n, probeMost), conns)
		if err != nil {
			return nil, err
		}
		res.Probes[conns] = r3(rate)
		if res.Connections == 0 || rate > res.Probes[res.Connections] {
			res.Connections = conns
		}
	}
	p0 := c.procs()
	for i := range repeats {
		rate, err := b.measure(ctx, clients[res.Connections], fmt.Sprint("all", i), *n, res.Connections)
		if err != nil {
			return nil, err
		}
		res.All = append(res.All, r3(rate))
	}
	res.PerS, res.Procs = median(res.All), procDiff(p0, c.procs(), repeats**n)
	return res, nil
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// creator creates children in batches and notes when the watch shows them.
type creator struct {
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

// measure creates n children, so many at once, and returns the burst's rate.
func (b *creator) measure(ctx context.Context, k *kube, batch string, n, inFlight int) (float64, error) {
	err := parallel(n, inFlight, func(i int) error {
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
