// Pod Security's own checks, those of "baseline" and "restricted": for each pod on stdin, as JSON, it prints a line of
// JSON with the checks that the pod violates, in their newest version.
package main

import (
	"encoding/json"
	"io"
	"log"
	"os"

	core "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/policy"
)

func main() {
	pods, answers := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var pod core.Pod
		if err := pods.Decode(&pod); err == io.EOF {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		violated := []policy.CheckID{}
		for _, check := range policy.DefaultChecks() {
			newest := check.Versions[len(check.Versions)-1]
			if !newest.CheckPod(&pod.ObjectMeta, &pod.Spec).Allowed {
				violated = append(violated, check.ID)
			}
		}
		if err := answers.Encode(violated); err != nil {
			log.Fatal(err)
		}
	}
}
