package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// supervisor is the process of `up`: it owns the control plane and does what the
// other commands ask for over DIR/control.sock.
type supervisor struct {
	mu    sync.Mutex
	plane *controlPlane
	stop  context.CancelFunc
}

func cmdUp(args []string) error {
	fs := flag.NewFlagSet("up", flag.ExitOnError)
	var o options
	fs.StringVar(&o.dir, "dir", "", "folder for its files; made when missing, an earlier run's data in it is dropped")
	fs.BoolVar(&o.noControllerManager, "no-controller-manager", false, "no kube-controller-manager: Deployments make no pods, owners no garbage collection")
	fs.BoolVar(&o.noKubelet, "no-kubelet", false, "no nodes: pods stay Pending")
	fs.IntVar(&o.nodes, "nodes", 2, "nodes that the fake kubelet serves")
	fs.Func("apiserver-arg", "one more flag for kube-apiserver, can be repeated", func(s string) error { o.apiServerArgs = append(o.apiServerArgs, s); return nil })
	fs.Func("controller-manager-arg", "one more flag for kube-controller-manager, can be repeated", func(s string) error {
		o.controllerManagerArgs = append(o.controllerManagerArgs, s)
		return nil
	})
	maxLife := fs.Duration("max-life", 3*time.Hour, "stop by itself after this")
	parent := fs.Int("parent-pid", 0, "stop when this process is gone")
	detach := fs.Bool("detach", false, "leave it running in the background; says the same line when one runs in DIR already")
	fs.Parse(args)
	if err := enterDir(&o.dir); err != nil {
		return err
	}
	if *detach {
		return upDetached(o.dir, slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "--detach" || a == "-detach" }))
	}
	lock, err := os.OpenFile("lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("one runs in %s already", o.dir)
	}
	_ = os.Remove("ready.json")
	_ = os.Remove(controlSocket)

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *maxLife)
	defer cancel()
	if *parent != 0 {
		go cancelWithProcess(ctx, *parent, cancel)
	}
	plane, err := startControlPlane(ctx, o)
	if err != nil {
		return err
	}
	defer os.RemoveAll("etcd")
	defer os.Remove("ready.json")
	s := &supervisor{plane: plane, stop: cancel}
	defer s.end()
	server, err := s.serve()
	if err != nil {
		return err
	}
	defer func() { // the answer to "stop" is on its way out
		grace, done := context.WithTimeout(context.Background(), 5*time.Second)
		defer done()
		_ = server.Shutdown(grace)
	}()
	if err := s.publish(os.Stdout); err != nil {
		return err
	}
	return s.watch(ctx)
}

// enterDir makes dir, its path absolute, and it the working folder: the path of a
// Unix socket may only have some 100 characters, a name in the folder always fits.
func enterDir(dir *string) error {
	if *dir == "" {
		return errors.New("--dir is missing")
	}
	path, err := filepath.Abs(*dir)
	if err != nil {
		return err
	}
	*dir = path
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	return os.Chdir(path)
}

// upDetached starts `up` in a session of its own and waits until it is ready.
func upDetached(dir string, args []string) error {
	if line, err := request("status", nil); err == nil {
		fmt.Print(line)
		return nil
	}
	log, err := os.Create("up.log")
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command("/proc/self/exe", append([]string{"up"}, append(args, "--dir", dir)...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	line, err := waitReady(3*readyTimeout, ended)
	if errors.Is(err, errEnded) {
		text, _ := os.ReadFile("up.log")
		return fmt.Errorf("%w:\n%s", err, text)
	}
	fmt.Print(line)
	return err
}

func cancelWithProcess(ctx context.Context, pid int, cancel func()) {
	for ctx.Err() == nil {
		if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
			cancel()
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// publish writes ready.json, and its line to out.
func (s *supervisor) publish(out *os.File) error {
	line, err := json.Marshal(s.plane.status())
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if err := writeFile("ready.json", line); err != nil {
		return err
	}
	if out != nil {
		_, err = out.Write(line)
	}
	return err
}

// watch returns when ctx ends, or with an error when a component does.
func (s *supervisor) watch(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(100 * time.Millisecond):
		}
		s.mu.Lock()
		err := s.plane.failed()
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

func (s *supervisor) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plane.stop()
}

func (s *supervisor) stopAPIServer(sig string) error {
	signals := map[string]syscall.Signal{"TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}
	if signals[sig] == 0 {
		return fmt.Errorf("signal %s is neither TERM nor KILL", strconv.Quote(sig))
	}
	s.plane.stopAPIServer(signals[sig])
	return s.publish(nil)
}

func (s *supervisor) startAPIServer(ctx context.Context) error {
	if s.plane.apiServer == nil {
		if err := s.plane.startAPIServer(ctx); err != nil {
			return err
		}
	}
	return s.publish(nil)
}
