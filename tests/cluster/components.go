package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	_ "time/tzdata" // zones of CronJobs, on machines that have no zone files
)

// The components share globals (flags, metrics, feature gates), so one process
// can be one component only. Each takes os.Args as the real program does.

func runEtcd()              { etcdmain.Main(os.Args) }
func runAPIServer()         { os.Exit(cli.Run(apiserver.NewAPIServerCommand())) }
func runControllerManager() { os.Exit(cli.Run(controllers.NewControllerManagerCommand())) }

func runKubectl() {
	_, _ = logs.GlogSetter(cmd.GetLogVerbosity(os.Args)) // before klog is used: plugins and kuberc log too
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
}
