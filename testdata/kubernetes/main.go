// The program strictly reads Kubernetes manifests, and folders for kustomize, as an
// API server with strict field validation does, and holds their pods to the Pod
// Security Standard "restricted". It prints the objects as JSON, one a line, for who
// wants to look further; what is wrong is told on standard error, with exit code 1.
//
// It is a module so that dfcheck itself does not depend on Kubernetes.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	pods "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	strict "sigs.k8s.io/json"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

func main() {
	code := 0
	for _, path := range os.Args[1:] {
		if err := manifest(path); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", path, err)
			code = 1
		}
	}
	os.Exit(code)
}

// manifest reads a file, or what kustomize makes of a folder.
func manifest(path string) error {
	text, err := os.ReadFile(path)
	if info, serr := os.Stat(path); serr == nil && info.IsDir() {
		text, err = build(path)
	}
	if err != nil {
		return err
	}
	for n, document := range bytes.Split(append([]byte("\n"), text...), []byte("\n---\n")) {
		object, err := decode(document)
		if err != nil {
			return fmt.Errorf("document %d: %w", n+1, err)
		}
		line, err := json.Marshal(object)
		if err != nil {
			return err
		}
		fmt.Println(string(line))
	}
	return nil
}

func build(folder string) ([]byte, error) {
	all, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		return nil, err
	}
	return all.AsYaml()
}

// decode reads one object strictly: an unknown or repeated field is an error.
func decode(document []byte) (any, error) {
	var kind struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := yaml.Unmarshal(document, &kind); err != nil {
		return nil, err
	}
	switch kind.APIVersion + " " + kind.Kind {
	case "v1 ConfigMap":
		return into(document, &core.ConfigMap{})
	case "v1 PersistentVolumeClaim":
		return into(document, &core.PersistentVolumeClaim{})
	case "v1 Pod":
		pod := &core.Pod{}
		if _, err := into(document, pod); err != nil {
			return nil, err
		}
		return pod, restricted(&pod.ObjectMeta, &pod.Spec)
	case "batch/v1 Job":
		job := &batch.Job{}
		if _, err := into(document, job); err != nil {
			return nil, err
		}
		template := &job.Spec.Template
		return job, restricted(&template.ObjectMeta, &template.Spec)
	}
	return nil, fmt.Errorf("%q is not among the kinds that dfcheck makes", kind.Kind)
}

// into reads names as an API server does: a letter in the wrong case makes another.
func into[T any](document []byte, object T) (T, error) {
	text, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return object, err
	}
	unknown, err := strict.UnmarshalStrict(text, object)
	return object, errors.Join(append(unknown, err)...)
}

// restricted holds a pod to the strictest standard.
func restricted(pod *meta.ObjectMeta, spec *core.PodSpec) error {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return err
	}
	level := pods.LevelVersion{Level: pods.LevelRestricted, Version: pods.LatestVersion()}
	var reasons []string
	for _, r := range evaluator.EvaluatePod(level, pod, spec) {
		if !r.Allowed {
			reasons = append(reasons, r.ForbiddenReason+": "+r.ForbiddenDetail)
		}
	}
	if len(reasons) > 0 {
		return errors.New(strings.Join(reasons, "; "))
	}
	return nil
}
