// Argo CD's own rendering of a chart: it reads an Application on stdin, as JSON, and prints the objects that Argo CD's
// repository server makes of it, a line of JSON each. Its arguments are the chart's directory, Kubernetes' version, and
// the APIs that the cluster has.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/argoproj/argo-cd/v3/common"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/reposerver/apiclient"
	"github.com/argoproj/argo-cd/v3/reposerver/repository"
	"github.com/argoproj/argo-cd/v3/util/git"
	"github.com/argoproj/argo-cd/v3/util/io"
	"k8s.io/apimachinery/pkg/api/resource"
)

func main() {
	chart, version, apis := os.Args[1], os.Args[2], os.Args[3:]
	var app v1alpha1.Application
	if err := json.NewDecoder(os.Stdin).Decode(&app); err != nil {
		log.Fatal(err)
	}
	source := app.Spec.GetSource()
	// What the application controller asks with, where nothing is configured.
	request := &apiclient.ManifestRequest{
		Repo:              &v1alpha1.Repository{Repo: source.RepoURL},
		AppLabelKey:       common.LabelKeyAppInstance,
		AppName:           app.Name,
		Namespace:         app.Spec.Destination.Namespace,
		ApplicationSource: &source,
		KubeVersion:       version,
		ApiVersions:       apis,
		TrackingMethod:    string(v1alpha1.TrackingMethodAnnotation),
		ProjectName:       app.Spec.Project,
	}
	answer, err := repository.GenerateManifests(
		context.Background(), chart, chart, source.TargetRevision, request, false,
		git.NoopCredsStore{}, resource.Quantity{}, io.NewRandomizedTempPaths(os.TempDir()),
	)
	if err != nil {
		log.Fatal(err)
	}
	for _, each := range answer.Manifests {
		fmt.Println(each)
	}
}
