// Command testcluster is a real Kubernetes control plane in one program: etcd,
// kube-apiserver and kube-controller-manager (one process each), kubectl, and a
// fake kubelet that makes pods live without running anything.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

const usage = `testcluster: a real Kubernetes control plane for tests, on loopback only.

  up --dir DIR [--detach]      start it; prints one line of JSON when it is ready
  wait --dir DIR               wait until it is ready; prints the same line
  status --dir DIR             the same line, at once
  down --dir DIR               stop it
  restart-apiserver --dir DIR  stop and start kube-apiserver: same port, same data
  stop-apiserver, start-apiserver --dir DIR
  compact --dir DIR            compact etcd at its current revision
  kubectl ...                  kubectl, for a machine that has none
  etcd | kube-apiserver | kube-controller-manager | kubelet ...   one component (used by up)

Each has --help. DIR/kubeconfig is the administrator's.
`

// programs may change os.Args[0]: a component must think that it is itself.
var programs = map[string]func(){
	"etcd": runEtcd, "kube-apiserver": runAPIServer, "kube-controller-manager": runControllerManager,
	"kubectl": runKubectl, "kubelet": runKubelet,
}

var commands = map[string]func(args []string) error{
	"up": cmdUp, "wait": cmdWait, "status": cmdStatus, "down": cmdDown, "restart-apiserver": cmdRestartAPIServer,
	"stop-apiserver": cmdStopAPIServer, "start-apiserver": cmdStartAPIServer, "compact": cmdCompact,
}

func main() {
	// A link named kubectl that points here is kubectl.
	if run := programs[filepath.Base(os.Args[0])]; run != nil {
		run()
		return
	}
	if len(os.Args) < 2 || os.Args[1] == "--help" || os.Args[1] == "-h" || os.Args[1] == "help" {
		fmt.Print(usage)
		return
	}
	name := os.Args[1]
	if run := programs[name]; run != nil {
		os.Args = os.Args[1:]
		run()
		return
	}
	command := commands[name]
	if command == nil {
		fmt.Fprintf(os.Stderr, "testcluster: no command %q; see testcluster --help\n", name)
		os.Exit(2)
	}
	if err := command(os.Args[2:]); err != nil {
		fmt.Fprintf(os.Stderr, "testcluster %s: %v\n", name, err)
		os.Exit(1)
	}
}
