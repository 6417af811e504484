package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

const servedGrace = 30 * time.Second // from a definition to its kind being served

// applyCRDs creates every definition of the YAML files in a folder and waits until both kinds are served.
func (k *kube) applyCRDs(ctx context.Context, dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no *.yaml in %s (%v)", dir, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := k.applyCRD(ctx, text); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	for _, path := range []string{hcPath, shcPath} {
		if err := k.awaitServed(ctx, path); err != nil {
			return fmt.Errorf("%s is not served with the CRDs of %s: %w", path, dir, err)
		}
	}
	return nil
}

func (k *kube) awaitServed(ctx context.Context, path string) error {
	for end := time.Now().Add(servedGrace); ; time.Sleep(pollInterval) {
		_, err := k.Get().AbsPath(path).Param("limit", "1").DoRaw(ctx)
		if err == nil || ctx.Err() != nil || time.Now().After(end) {
			return err
		}
	}
}

// applyCRD creates the definitions of a text, unless there are such already.
func (k *kube) applyCRD(ctx context.Context, text []byte) error {
	for _, doc := range bytes.Split(text, []byte("\n---\n")) {
		js, err := yaml.YAMLToJSON(doc)
		if err != nil {
			return err
		}
		if !bytes.Contains(js, []byte(`"CustomResourceDefinition"`)) {
			continue
		}
		if _, err := k.post(ctx, crdPath, js); err != nil && !strings.Contains(err.Error(), "already exists") {
			return err
		}
	}
	return nil
}
