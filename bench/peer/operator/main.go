// Command operator runs HealthChecks and ScheduledHealthChecks of holmesgpt.dev/v1alpha1
// as a good Go engineer would write it on controller-runtime: what the holmes operator is measured against.
package main

import (
	"flag"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

func main() {
	// --kubeconfig is added by controller-runtime.
	metricsAddr := flag.String("metrics-bind-address", "127.0.0.1:0", "where metrics are served")
	probeAddr := flag.String("health-probe-bind-address", "0", "where probes are served; 0 is off")
	leader := flag.Bool("leader-elect", false, "elect a leader")
	workers := flag.Int("workers", 64, "HealthChecks run at once")
	schedWorkers := flag.Int("schedule-workers", 16, "ScheduledHealthChecks reconciled at once")
	zo := zap.Options{}
	zo.BindFlags(flag.CommandLine)
	flag.Parse()
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&zo)))
	setupLog := ctrl.Log.WithName("setup")
	must := func(err error, what string) {
		if err != nil {
			setupLog.Error(err, what)
			os.Exit(1)
		}
	}

	url := strings.TrimRight(os.Getenv("HOLMES_API_URL"), "/")
	if url == "" {
		url = "http://holmes-api:80"
	}
	scheme := runtime.NewScheme()
	must(clientgoscheme.AddToScheme(scheme), "scheme")
	must(AddToScheme(scheme), "scheme")

	cfg := ctrl.GetConfigOrDie()
	cfg.QPS = -1 // no client-side limit; the API server's own fairness is the limit

	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Scheme:                 scheme,
		Metrics:                metricsserver.Options{BindAddress: *metricsAddr},
		HealthProbeBindAddress: *probeAddr,
		LeaderElection:         *leader,
		LeaderElectionID:       "holmes-operator.holmesgpt.dev",
		Cache:                  cache.Options{DefaultTransform: cache.TransformStripManagedFields()},
	})
	must(err, "manager")
	must(mgr.AddHealthzCheck("ping", healthz.Ping), "probe")
	must(mgr.AddReadyzCheck("ping", healthz.Ping), "probe")
	must((&HealthCheckReconciler{
		Client: mgr.GetClient(), APIReader: mgr.GetAPIReader(),
		Holmes: NewHolmesClient(url, *workers), Recorder: mgr.GetEventRecorder("holmes-operator"), Workers: *workers,
	}).SetupWithManager(mgr), "HealthCheck controller")
	must((&ScheduledReconciler{
		Client: mgr.GetClient(), Recorder: mgr.GetEventRecorder("holmes-operator"), Workers: *schedWorkers,
	}).SetupWithManager(mgr), "ScheduledHealthCheck controller")

	setupLog.Info("starting", "holmesAPI", url, "workers", *workers)
	must(mgr.Start(ctrl.SetupSignalHandler()), "manager")
}
