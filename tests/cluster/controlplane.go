package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	readyTimeout = 2 * time.Minute // of one component
	stopGrace    = 5 * time.Second // kube-apiserver would wait a minute for its watches
	pollInterval = 50 * time.Millisecond
	startTries   = 3 // another program can take a free port before we do
)

// Status is the line that `up` prints and DIR/ready.json.
type Status struct {
	Kubeconfig           string  `json:"kubeconfig"`
	Server               string  `json:"server"`
	Token                string  `json:"token"`
	CAFile               string  `json:"ca_file"`
	Dir                  string  `json:"dir"`
	EtcdURL              string  `json:"etcd_url"`
	PID                  int     `json:"pid"`
	EtcdPID              int     `json:"etcd_pid"`
	APIServerPID         int     `json:"apiserver_pid"`
	ControllerManagerPID int     `json:"controller_manager_pid,omitempty"`
	KubeletPID           int     `json:"kubelet_pid,omitempty"`
	APIServerStarts      int     `json:"apiserver_starts"` // 1, and 1 more for each restart
	ReadySeconds         float64 `json:"ready_s"`
}

type options struct {
	dir                   string
	noControllerManager   bool
	noKubelet             bool
	nodes                 int
	apiServerArgs         []string
	controllerManagerArgs []string
}

// controlPlane owns the component processes. Not safe for concurrent use: its owner holds a lock.
type controlPlane struct {
	options
	token                                       string
	ports                                       []int // etcd client, etcd peer, API server
	etcd, apiServer, controllerManager, kubelet *process
	apiServerStarts                             int
	began                                       time.Time
	readySeconds                                float64
	client                                      *http.Client
}

func (c *controlPlane) path(name string) string { return filepath.Join(c.dir, name) }
func (c *controlPlane) etcdURL() string         { return fmt.Sprintf("http://127.0.0.1:%d", c.ports[0]) }
func (c *controlPlane) server() string          { return fmt.Sprintf("https://127.0.0.1:%d", c.ports[2]) }

// startControlPlane returns when every component is ready.
func startControlPlane(ctx context.Context, o options) (*controlPlane, error) {
	for try := 1; ; try++ {
		c := &controlPlane{options: o, began: time.Now()}
		err := c.start(ctx)
		if err == nil {
			return c, nil
		}
		c.stop()
		if try == startTries || !strings.Contains(err.Error(), "address already in use") {
			return nil, err
		}
	}
}

func (c *controlPlane) start(ctx context.Context) error {
	if err := c.writeFiles(); err != nil {
		return err
	}
	peerURL := fmt.Sprintf("http://127.0.0.1:%d", c.ports[1])
	var err error
	if c.etcd, err = startProcess(c.dir, "etcd", "--name=default", "--data-dir="+c.path("etcd"),
		"--listen-client-urls="+c.etcdURL(), "--advertise-client-urls="+c.etcdURL(),
		"--listen-peer-urls="+peerURL, "--initial-advertise-peer-urls="+peerURL, "--initial-cluster=default="+peerURL,
		"--unsafe-no-fsync", "--quota-backend-bytes=4294967296", "--watch-progress-notify-interval=5s", "--log-level=warn"); err != nil {
		return err
	}
	if err := c.waitFor(ctx, c.etcd, c.etcdURL()+"/health", nil); err != nil {
		return err
	}
	if err := c.startAPIServer(ctx); err != nil {
		return err
	}
	if err := c.startWorkers(ctx); err != nil {
		return err
	}
	c.readySeconds = float64(time.Since(c.began).Milliseconds()) / 1000
	return nil
}

func (c *controlPlane) writeFiles() (err error) {
	if err := makePKI(c.dir); err != nil {
		return err
	}
	if c.ports, err = freePorts(3); err != nil {
		return err
	}
	ca, err := os.ReadFile(c.path("ca.crt"))
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	c.client = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	raw := make([]byte, 16)
	_, _ = rand.Read(raw) // never fails
	c.token = hex.EncodeToString(raw)
	if err := os.WriteFile(c.path("tokens.csv"), []byte(c.token+",admin,admin,system:masters\n"), 0o600); err != nil {
		return err
	}
	for _, name := range []string{"etcd", "kube-apiserver", "kube-controller-manager", "kubelet"} {
		_ = os.Remove(c.path(name + ".log"))
	}
	if err := os.RemoveAll(c.path("etcd")); err != nil {
		return err
	}
	return writeFile(c.path("kubeconfig"), fmt.Appendf(nil, `apiVersion: v1
kind: Config
current-context: testcluster
clusters:
- name: testcluster
  cluster:
    server: %s
    certificate-authority-data: %s
users:
- name: admin
  user:
    token: %s
contexts:
- name: testcluster
  context:
    cluster: testcluster
    user: admin
`, c.server(), base64.StdEncoding.EncodeToString(ca), c.token))
}

func (c *controlPlane) startAPIServer(ctx context.Context) (err error) {
	args := append([]string{
		"--etcd-servers=" + c.etcdURL(), "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", c.ports[2]), "--cert-dir=" + c.dir,
		"--tls-cert-file=" + c.path("apiserver.crt"), "--tls-private-key-file=" + c.path("apiserver.key"),
		"--client-ca-file=" + c.path("ca.crt"), "--token-auth-file=" + c.path("tokens.csv"), "--authorization-mode=RBAC",
		"--kubelet-certificate-authority=" + c.path("ca.crt"), "--kubelet-preferred-address-types=InternalIP",
		"--kubelet-client-certificate=" + c.path("apiserver-kubelet-client.crt"), "--kubelet-client-key=" + c.path("apiserver-kubelet-client.key"),
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + c.path("sa.key"), "--service-account-signing-key-file=" + c.path("sa.key"),
		// Without it a pod needs no ServiceAccount object, which in a new namespace comes a moment later.
		"--disable-admission-plugins=ServiceAccount",
		"--service-cluster-ip-range=10.0.0.0/24", "--endpoint-reconciler-type=none", "--allow-privileged=true",
		"--max-requests-inflight=3000", "--max-mutating-requests-inflight=1500",
	}, c.apiServerArgs...)
	if c.apiServer, err = startProcess(c.dir, "kube-apiserver", args...); err != nil {
		return err
	}
	c.apiServerStarts++
	return c.waitFor(ctx, c.apiServer, c.server()+"/readyz", nil)
}

// startWorkers starts what works on objects, and waits until it does.
func (c *controlPlane) startWorkers(ctx context.Context) (err error) {
	if !c.noControllerManager {
		args := append([]string{
			"--kubeconfig=" + c.path("kubeconfig"), "--leader-elect=false", "--secure-port=0", "--root-ca-file=" + c.path("ca.crt"),
			"--service-account-private-key-file=" + c.path("sa.key"), "--kube-api-qps=200", "--kube-api-burst=400",
			// Nodes here neither get lost nor need ranges of addresses.
			"--controllers=*,-node-lifecycle-controller,-node-ipam-controller",
		}, c.controllerManagerArgs...)
		if c.controllerManager, err = startProcess(c.dir, "kube-controller-manager", args...); err != nil {
			return err
		}
	}
	if !c.noKubelet {
		if c.kubelet, err = startProcess(c.dir, "kubelet", "--kubeconfig="+c.path("kubeconfig"), fmt.Sprintf("--nodes=%d", c.nodes),
			"--tls-cert-file="+c.path("kubelet.crt"), "--tls-private-key-file="+c.path("kubelet.key"), "--client-ca-file="+c.path("ca.crt")); err != nil {
			return err
		}
	}
	if c.controllerManager != nil {
		// A controller makes it: so the controllers run.
		if err := c.waitFor(ctx, c.controllerManager, c.server()+"/api/v1/namespaces/default/serviceaccounts/default", nil); err != nil {
			return err
		}
	}
	if c.kubelet != nil {
		return c.waitFor(ctx, c.kubelet, c.server()+"/api/v1/nodes", func(body []byte) bool {
			var nodes struct{ Items []json.RawMessage }
			return json.Unmarshal(body, &nodes) == nil && len(nodes.Items) == c.nodes
		})
	}
	return nil
}

// waitFor polls url until it answers 200 and the body is good, or the process has ended.
func (c *controlPlane) waitFor(ctx context.Context, p *process, url string, good func([]byte) bool) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	last := "no answer"
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+c.token)
		if resp, err := c.client.Do(req); err == nil {
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK && (good == nil || good(body)) {
				return nil
			}
			last = resp.Status
		}
		select {
		case <-p.done:
			return p.failure("ended while starting")
		case <-ctx.Done():
			return p.failure(fmt.Sprintf("not ready (%s: %s)", url, last))
		case <-time.After(pollInterval):
		}
	}
}

func (c *controlPlane) stopAPIServer(sig syscall.Signal) {
	c.apiServer.stop(sig, stopGrace)
	c.apiServer = nil
}

// stop ends every component, the users of the API server first.
func (c *controlPlane) stop() {
	c.kubelet.stop(syscall.SIGKILL, stopGrace) // nothing to save
	c.controllerManager.stop(syscall.SIGKILL, stopGrace)
	c.apiServer.stop(syscall.SIGKILL, stopGrace)
	c.etcd.stop(syscall.SIGKILL, stopGrace)
}

// failed is the error of a component that ended by itself, or nil.
func (c *controlPlane) failed() error {
	for _, p := range []*process{c.etcd, c.apiServer, c.controllerManager, c.kubelet} {
		if p != nil && p.ended() {
			return p.failure("ended")
		}
	}
	return nil
}

func (c *controlPlane) status() Status {
	return Status{Kubeconfig: c.path("kubeconfig"), Server: c.server(), Token: c.token, CAFile: c.path("ca.crt"), Dir: c.dir, EtcdURL: c.etcdURL(),
		PID: os.Getpid(), EtcdPID: c.etcd.pid(), APIServerPID: c.apiServer.pid(), ControllerManagerPID: c.controllerManager.pid(),
		KubeletPID: c.kubelet.pid(), APIServerStarts: c.apiServerStarts, ReadySeconds: c.readySeconds}
}

// compact makes etcd forget every revision before the current one.
func (c *controlPlane) compact(ctx context.Context) error {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{c.etcdURL()}, DialTimeout: 5 * time.Second})
	if err != nil {
		return err
	}
	defer client.Close()
	now, err := client.Get(ctx, "compact")
	if err != nil {
		return err
	}
	_, err = client.Compact(ctx, now.Header.Revision, clientv3.WithCompactPhysical())
	if errors.Is(err, rpctypes.ErrCompacted) { // nothing was written since the last time
		return nil
	}
	return err
}
