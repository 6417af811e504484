package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
)

const bigContext = 50_000 // bytes of a request from which its context counts as large

// providerStats is what the stub was asked.
type providerStats struct {
	Calls       int `json:"calls"`
	BigCalls    int `json:"calls_with_large_context"`
	Verdicts    int `json:"verdicts"`
	Lists       int `json:"lists"` // of the cluster
	Most        int `json:"max_in_flight"`
	Connections int `json:"connections"`
	Bytes       int `json:"bytes_of_requests"`
	delay       time.Duration
	mu          sync.Mutex
	now         int
}

// cmdProvider is a model provider (Chat Completions) and a cluster behind one TLS address. The model
// lists pods, goes on with small calls as often as it is told, writes down its findings and passes
// every check. GET /stats tells what both were asked.
func cmdProvider(args []string) (any, error) {
	fs := flag.NewFlagSet("provider", flag.ExitOnError)
	delay := fs.Duration("delay", 5*time.Second, "how long a model call takes")
	rows := fs.Int("rows", 20, "pods of a namespace")
	lists := fs.Int("lists", 1, "namespaces that the model lists in its first step")
	more := fs.Int("more", 0, "further steps, of a small tool call each")
	maxLife := fs.Duration("max-life", 30*time.Minute, "stop by itself after this")
	fs.Parse(args)

	stats := &providerStats{delay: *delay}
	certificate, ca, err := selfSigned()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("POST /v1/chat/completions", stats.model(*lists, *more))
	stats.cluster(mux, *rows)
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) {
		stats.mu.Lock()
		defer stats.mu.Unlock()
		writeJSON(w, stats)
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	srv := &http.Server{
		Handler: mux, TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}},
		ErrorLog: log.New(io.Discard, "", 0), // a client that ends with its connections open
		ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				stats.mu.Lock()
				stats.Connections++
				stats.mu.Unlock()
			}
		},
	}
	printJSON(map[string]any{"url": "https://" + l.Addr().String(), "ca": ca})
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *maxLife)
	defer cancel()
	go srv.ServeTLS(l, "", "")
	<-ctx.Done()
	srv.Close()
	return nil, nil
}

func (s *providerStats) model(lists, more int) http.Handler {
	call := func(id int, name, arguments string) map[string]any {
		return map[string]any{"id": fmt.Sprintf("call_%d", id), "type": "function", "function": map[string]any{"name": name, "arguments": arguments}}
	}
	say := func(w http.ResponseWriter, text any, calls ...map[string]any) {
		message := map[string]any{"role": "assistant", "content": text}
		finish := "stop"
		if len(calls) > 0 {
			message["tool_calls"], finish = calls, "tool_calls"
		}
		writeJSON(w, map[string]any{
			"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "stub",
			"choices": []any{map[string]any{"index": 0, "message": message, "finish_reason": finish}},
			"usage":   map[string]any{"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050},
		})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
		if err != nil {
			return
		}
		// The model reads what our client writes, which has no spaces between tokens.
		answers := bytes.Count(body, []byte(`"role":"tool"`))
		verdict := bytes.Contains(body, []byte(`"response_format"`))
		s.mu.Lock()
		s.Calls++
		s.Bytes += len(body)
		if len(body) >= bigContext {
			s.BigCalls++
		}
		if verdict {
			s.Verdicts++
		}
		s.now++
		s.Most = max(s.Most, s.now)
		s.mu.Unlock()
		time.Sleep(s.delay)
		s.mu.Lock()
		s.now--
		s.mu.Unlock()
		switch {
		case verdict:
			say(w, `{"rationale":"Every pod is Running and ready.","verdict":"pass"}`)
		case answers == 0:
			var calls []map[string]any
			for i := range lists {
				calls = append(calls, call(i, "kubernetes_list", fmt.Sprintf(`{"kind":"Pod","namespace":"ns-%d","all_namespaces":null,"label_selector":null,"field_selector":null,"api_version":null}`, i)))
			}
			say(w, nil, calls...)
		case answers < lists+more:
			// Each of another namespace, as a call that was made before is answered from memory.
			say(w, nil, call(answers, "kubernetes_list", fmt.Sprintf(`{"kind":"Pod","namespace":"empty-%d","all_namespaces":null,"label_selector":null,"field_selector":null,"api_version":null}`, answers)))
		default:
			say(w, "Every pod that was listed is Running and ready, and none restarted.")
		}
	})
}

// cluster has pods, and namespaces without any.
func (s *providerStats) cluster(mux *http.ServeMux, rows int) {
	mux.HandleFunc("GET /api", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]any{"kind": "APIVersions", "versions": []string{"v1"}})
	})
	mux.HandleFunc("GET /apis", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]any{"kind": "APIGroupList", "apiVersion": "v1", "groups": []any{}})
	})
	mux.HandleFunc("GET /api/v1", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, map[string]any{"kind": "APIResourceList", "groupVersion": "v1", "resources": []any{map[string]any{
			"name": "pods", "singularName": "pod", "namespaced": true, "kind": "Pod", "verbs": []string{"get", "list", "watch"}, "shortNames": []string{"po"}}}})
	})
	full, _ := json.Marshal(podTable(rows))
	empty, _ := json.Marshal(podTable(0))
	mux.HandleFunc("GET /api/v1/namespaces/{namespace}/pods", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.Lists++
		s.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		if strings.HasPrefix(r.PathValue("namespace"), "empty-") {
			w.Write(empty)
			return
		}
		w.Write(full)
	})
}

func podTable(rows int) map[string]any {
	column := func(name string) map[string]any {
		return map[string]any{"name": name, "type": "string", "format": "", "description": "", "priority": 0}
	}
	table := map[string]any{
		"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": map[string]any{"resourceVersion": "1"},
		"columnDefinitions": []any{column("Name"), column("Ready"), column("Status"), column("Restarts"), column("Age"), column("IP"), column("Node")},
	}
	list := []any{}
	for i := range rows {
		name := fmt.Sprintf("payment-gateway-worker-7f9c6d5b8-%05d", i)
		list = append(list, map[string]any{
			"cells":  []any{name, "1/1", "Running", "0", "12d", fmt.Sprintf("10.42.%d.%d", i/250, i%250), fmt.Sprintf("ip-10-0-%d-17.eu-central-1.compute.internal", i%40)},
			"object": map[string]any{"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": map[string]any{"name": name, "namespace": "default"}},
		})
	}
	table["rows"] = list
	return table
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

// selfSigned is a certificate of 127.0.0.1, and itself as PEM for its clients to trust.
func selfSigned() (tls.Certificate, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "holmes bench"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, IsCA: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, string(text), nil
}

func writeKubeconfig(path, url, ca string) error {
	config := map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": "bench",
		"clusters": []any{map[string]any{"name": "bench", "cluster": map[string]any{"server": url, "certificate-authority-data": []byte(ca)}}},
		"users":    []any{map[string]any{"name": "bench", "user": map[string]any{"token": "bench"}}},
		"contexts": []any{map[string]any{"name": "bench", "context": map[string]any{"cluster": "bench", "user": "bench"}}},
	}
	text, err := json.Marshal(config)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}
