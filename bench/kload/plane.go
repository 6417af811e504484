package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

const planeGrace = 3 * time.Minute

// plane is a fresh etcd and kube-apiserver with our CRDs.
type plane struct {
	*helper
	dir          string
	Kubeconfig   string `json:"kubeconfig"`
	EtcdPID      int    `json:"etcd_pid"`
	APIServerPID int    `json:"apiserver_pid"`
}

func (b *bench) startPlane(ctx context.Context) (*plane, error) {
	dir, err := os.MkdirTemp("", "kload-")
	if err != nil {
		return nil, err
	}
	h, line, err := startHelper(ctx, planeGrace, nil, b.testcluster, "up", "--dir", dir, "--no-kubelet", "--no-controller-manager", "--parent-pid", fmt.Sprint(os.Getpid()))
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	p := &plane{helper: h, dir: dir}
	err = json.Unmarshal(line, p)
	if err == nil {
		var k *kube
		if k, err = newCommon("crds").client([]string{"--kubeconfig", p.Kubeconfig}); err == nil {
			err = k.applyCRDs(ctx, b.crds)
		}
	}
	if err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

func (p *plane) stop() {
	p.helper.stop()
	os.RemoveAll(p.dir)
}

func (p *plane) pids() string { return fmt.Sprintf("apiserver=%d,etcd=%d", p.APIServerPID, p.EtcdPID) }
