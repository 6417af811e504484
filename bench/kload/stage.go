package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
)

// stage is a fresh control plane, a mock check API, and one operator.
type stage struct {
	*plane
	mock    *helper
	url     string // of the mock
	op      *helper
	command []string
	env     []string // of the operator
}

func (b *bench) startStage(ctx context.Context, s subject, log string) (*stage, error) {
	p, err := b.startPlane(ctx)
	if err != nil {
		return nil, err
	}
	st := &stage{plane: p, command: s.command}
	if err := st.start(ctx, b, filepath.Join(b.out, log)); err != nil {
		st.stop()
		return nil, err
	}
	return st, nil
}

func (st *stage) start(ctx context.Context, b *bench, log string) error {
	var line []byte
	var err error
	if st.mock, line, err = startHelper(ctx, startGrace, nil, self, "mockapi", "--delay", b.delay.String()); err != nil {
		return err
	}
	var api struct{ URL string }
	if err := json.Unmarshal(line, &api); err != nil {
		return err
	}
	st.url = api.URL
	st.env = []string{"KUBECONFIG=" + st.Kubeconfig, "HOLMES_API_URL=" + st.url, "HOLMES_METRICS_ADDRESS=127.0.0.1:0"}
	st.op, err = startLogged(st.env, log, st.command)
	return err
}

func (st *stage) stop() {
	for _, h := range []*helper{st.op, st.mock} {
		if h != nil {
			h.stop()
		}
	}
	st.plane.stop()
}

// restartOperator starts it again, after between has run without any.
func (st *stage) restartOperator(between func() error) error {
	log := st.op.log
	st.op.stop()
	if err := between(); err != nil {
		return err
	}
	op, err := startLogged(st.env, log, st.command)
	if err == nil {
		st.op = op
	}
	return err
}

// loadFlags tell a load where the cluster is and which processes to read.
func (st *stage) loadFlags() []string {
	return []string{"--kubeconfig", st.Kubeconfig, "--pid", fmt.Sprint(st.op.pid()), "--also", st.pids() + fmt.Sprintf(",mock=%d", st.mock.pid())}
}

func (st *stage) mockStats() (s mockStats, err error) {
	resp, err := http.Get(st.url + "/stats")
	if err != nil {
		return s, err
	}
	defer resp.Body.Close()
	return s, json.NewDecoder(resp.Body).Decode(&s)
}
