package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"holmes.test/testcluster/kubelet"
)

func runKubelet() {
	fs := flag.NewFlagSet("kubelet", flag.ExitOnError)
	var o kubelet.Options
	fs.StringVar(&o.Kubeconfig, "kubeconfig", "", "of the API server")
	fs.IntVar(&o.Nodes, "nodes", 2, "how many nodes to be")
	fs.StringVar(&o.CertFile, "tls-cert-file", "", "serving certificate, for 127.0.0.1")
	fs.StringVar(&o.KeyFile, "tls-private-key-file", "", "its key")
	fs.StringVar(&o.ClientCAFile, "client-ca-file", "", "who may read logs has a certificate of this authority")
	fs.Parse(os.Args[1:])
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := kubelet.Run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "kubelet:", err)
		os.Exit(1)
	}
}
