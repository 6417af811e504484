package main

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

type mockStats struct {
	Total   int `json:"total"`
	Bad     int `json:"bad"`
	Names   int `json:"names"`
	Again   int `json:"names_called_more_than_once"`
	Most    int `json:"max_concurrency"`
	Running int `json:"in_flight"`
}

// cmdMockAPI is a check API whose every check passes after a fixed time. GET
// /stats tells what it was asked.
func cmdMockAPI(args []string) (any, error) {
	fs := flag.NewFlagSet("mockapi", flag.ExitOnError)
	delay := fs.Duration("delay", 50*time.Millisecond, "how long a check takes")
	listen := fs.String("listen", "127.0.0.1:0", "address")
	maxLife := fs.Duration("max-life", 3*time.Hour, "stop by itself after this")
	fs.Parse(args)

	var mu sync.Mutex
	counts := map[string]int{}
	var total, now, most, bad int
	stats := func() mockStats {
		mu.Lock()
		defer mu.Unlock()
		again := 0
		for _, n := range counts {
			if n > 1 {
				again++
			}
		}
		return mockStats{Total: total, Bad: bad, Names: len(counts), Again: again, Most: most, Running: now}
	}
	answer, _ := json.Marshal(map[string]any{"status": "pass", "message": "All pods are healthy.", "duration": delay.Seconds(),
		"rationale": "Every pod in the namespace is Running and Ready; no restarts in the last hour.", "error": nil, "model_used": "mock", "notifications": []any{}})
	exec := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		name := r.Header.Get("X-Check-Name")
		var q struct{ Query string }
		ok := err == nil && r.Method == "POST" && name != "" && json.Unmarshal(body, &q) == nil && q.Query != ""
		mu.Lock()
		if ok {
			total++
			counts[name]++
			now++
			most = max(most, now)
		} else {
			bad++
		}
		mu.Unlock()
		if !ok {
			http.Error(w, `{"detail":"bad request"}`, 422)
			return
		}
		time.Sleep(*delay)
		mu.Lock()
		now--
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		w.Write(answer)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/checks/execute", exec)
	mux.HandleFunc("/api/check/execute", exec)
	mux.HandleFunc("/api/check/executions/", func(w http.ResponseWriter, _ *http.Request) { // no answer is remembered
		http.Error(w, `{"detail":"unknown execution"}`, http.StatusNotFound)
	})
	mux.HandleFunc("/api/info", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"version":"mock","uptime_seconds":0,"auth_enabled":false,"models":["mock"],"toolsets_summary":{},"capabilities":["executions/v1"]}`))
	})
	mux.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/stats", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(stats())
	})
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		return nil, err
	}
	printJSON(map[string]any{"url": "http://" + l.Addr().String(), "delay_ms": delay.Milliseconds(), "pid": os.Getpid()})
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *maxLife)
	defer cancel()
	srv := &http.Server{Handler: mux}
	go srv.Serve(l)
	<-ctx.Done()
	srv.Close()
	return stats(), nil
}
