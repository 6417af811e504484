package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// scheduleCRD stands in where the folder of the CRDs has no ScheduledHealthCheck.
//
//go:embed schedule_crd.yaml
var scheduleCRD []byte

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
	if err := k.applyCRD(ctx, scheduleCRD); err != nil {
		return err
	}
	for _, path := range []string{hcPath, shcPath} {
		for {
			_, err := k.Get().AbsPath(path).Param("limit", "1").DoRaw(ctx)
			if ctx.Err() != nil {
				return err
			} else if err == nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	return nil
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
