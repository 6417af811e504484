package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"
	"time"
)

const controlSocket = "control.sock" // in DIR, 0600

var (
	errEnded      = errors.New("it ended before it was ready")
	errNotRunning = errors.New("not running")
)

// serve answers the other commands, one at a time.
func (s *supervisor) serve() (*http.Server, error) {
	listener, err := net.Listen("unix", controlSocket)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(controlSocket, 0o600); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	handle := func(name string, do func(ctx context.Context, q url.Values) error) {
		mux.HandleFunc("/"+name, func(w http.ResponseWriter, r *http.Request) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if err := do(context.WithoutCancel(r.Context()), r.URL.Query()); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			_ = json.NewEncoder(w).Encode(s.plane.status())
		})
	}
	handle("status", func(context.Context, url.Values) error { return nil })
	handle("stop", func(context.Context, url.Values) error { s.stop(); return nil })
	handle("stop-apiserver", func(_ context.Context, q url.Values) error { return s.stopAPIServer(q.Get("signal")) })
	handle("start-apiserver", func(ctx context.Context, _ url.Values) error { return s.startAPIServer(ctx) })
	handle("compact", func(ctx context.Context, _ url.Values) error { return s.plane.compact(ctx) })
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(listener) }()
	return server, nil
}

// request asks the supervisor of the working folder; it returns its status line.
func request(name string, q url.Values) (string, error) {
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", controlSocket)
	}}}
	resp, err := client.Post("http://control/"+name+"?"+q.Encode(), "", nil)
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED) {
		return "", errNotRunning
	} else if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", errors.New(string(body))
	}
	return string(body), nil
}

// waitReady polls until the supervisor of the working folder answers.
func waitReady(timeout time.Duration, ended <-chan struct{}) (string, error) {
	deadline := time.After(timeout)
	for {
		if line, err := request("status", nil); err == nil {
			return line, nil
		}
		select {
		case <-ended:
			return "", errEnded
		case <-deadline:
			return "", fmt.Errorf("not ready after %s", timeout)
		case <-time.After(pollInterval):
		}
	}
}

// ask parses --dir and the flags that add adds, and then does the requests.
func ask(name string, args []string, add func(*flag.FlagSet), do func() error) error {
	fs := flag.NewFlagSet(name, flag.ExitOnError)
	dir := fs.String("dir", "", "the folder of up")
	if add != nil {
		add(fs)
	}
	fs.Parse(args)
	if _, err := os.Stat(*dir); err != nil && *dir != "" {
		return fmt.Errorf("%w in %s", errNotRunning, *dir)
	}
	if err := enterDir(dir); err != nil {
		return err
	}
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", *dir, err)
	}
	return nil
}

func printed(line string, err error) error {
	fmt.Print(line)
	return err
}

func cmdStatus(args []string) error {
	return ask("status", args, nil, func() error { return printed(request("status", nil)) })
}

func cmdWait(args []string) error {
	var timeout time.Duration
	return ask("wait", args, func(fs *flag.FlagSet) { fs.DurationVar(&timeout, "timeout", readyTimeout, "give up after this") },
		func() error { return printed(waitReady(timeout, nil)) })
}

// cmdDown asks the supervisor itself to stop, so it can hit no other process. It
// returns when all of it has ended; that none runs is no error.
func cmdDown(args []string) error {
	err := ask("down", args, nil, func() error {
		if _, err := request("stop", nil); err != nil {
			return err
		}
		lock, err := os.OpenFile("lock", os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer lock.Close()
		return syscall.Flock(int(lock.Fd()), syscall.LOCK_EX) // held until it has ended
	})
	if errors.Is(err, errNotRunning) {
		return nil
	}
	return err
}

func signalFlag(fs *flag.FlagSet, q url.Values) {
	q.Set("signal", "KILL")
	fs.Func("signal", "KILL (default), or TERM: it may take up to 5 s to end its requests, then KILL", func(s string) error { q.Set("signal", s); return nil })
}

func cmdRestartAPIServer(args []string) error {
	q := url.Values{}
	var pause time.Duration
	return ask("restart-apiserver", args, func(fs *flag.FlagSet) {
		signalFlag(fs, q)
		fs.DurationVar(&pause, "down-for", 0, "leave it stopped for so long")
	}, func() error {
		if _, err := request("stop-apiserver", q); err != nil {
			return err
		}
		time.Sleep(pause)
		return printed(request("start-apiserver", nil))
	})
}

func cmdStopAPIServer(args []string) error {
	q := url.Values{}
	return ask("stop-apiserver", args, func(fs *flag.FlagSet) { signalFlag(fs, q) }, func() error { return printed(request("stop-apiserver", q)) })
}

func cmdStartAPIServer(args []string) error {
	return ask("start-apiserver", args, nil, func() error { return printed(request("start-apiserver", nil)) })
}

// cmdCompact makes old resource versions expire. The API server still answers
// watches from its own cache of recent events; a restart empties that.
func cmdCompact(args []string) error {
	var restart bool
	return ask("compact", args, func(fs *flag.FlagSet) {
		fs.BoolVar(&restart, "restart-apiserver", false, "and restart kube-apiserver, whose watch cache remembers recent events")
	}, func() error {
		line, err := request("compact", nil)
		if err == nil && restart {
			if _, err = request("stop-apiserver", url.Values{"signal": {"KILL"}}); err == nil {
				line, err = request("start-apiserver", nil)
			}
		}
		return printed(line, err)
	})
}
