package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os/exec"
	"slices"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	net "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

const (
	settle     = 50 * time.Millisecond // changes come in bursts; the table is replaced once per burst
	retryAfter = time.Second
)

// world is a snapshot of the objects that the ruleset is computed from.
type world struct {
	pods       []*core.Pod
	namespaces map[string]*core.Namespace
	policies   []*net.NetworkPolicy
}

// networkPolicy enforces NetworkPolicy on this node: it watches pods, namespaces and policies, and replaces one
// complete nftables table, in one transaction, whenever its content changes. It requires that the node routes every
// pod's traffic (CNI plugin ptp): both directions then pass the forward hook, after kube-proxy has translated service
// addresses into pod addresses. It is for testing a chart's policies; it does not claim conformance.
func networkPolicy(args []string) error {
	flags := flag.NewFlagSet("network-policy", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "how to reach the API server")
	if err := flags.Parse(args); err != nil {
		return err
	}
	client, err := clientFor(*kubeconfig)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, noResync)
	pods, namespaces := factory.Core().V1().Pods(), factory.Core().V1().Namespaces()
	policies := factory.Networking().V1().NetworkPolicies()
	changed := make(chan struct{}, 1)
	mark := func() {
		select {
		case changed <- struct{}{}:
		default: // already marked
		}
	}
	onChange := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { mark() },
		UpdateFunc: func(any, any) { mark() },
		DeleteFunc: func(any) { mark() },
	}
	for _, informer := range []cache.SharedIndexInformer{pods.Informer(), namespaces.Informer(), policies.Informer()} {
		if _, err := informer.AddEventHandler(onChange); err != nil {
			return err
		}
	}
	forever := context.Background().Done()
	factory.Start(forever)
	factory.WaitForCacheSync(forever)
	mark()
	applied := ""
	for range changed {
		foundPods, errPods := pods.Lister().List(labels.Everything())
		foundNamespaces, errNamespaces := namespaces.Lister().List(labels.Everything())
		foundPolicies, errPolicies := policies.Lister().List(labels.Everything())
		if err := errors.Join(errPods, errNamespaces, errPolicies); err != nil {
			return err
		}
		if table := newWorld(foundPods, foundNamespaces, foundPolicies).table(); table != applied {
			if err := load(table); err != nil {
				log.Print(err)
				time.Sleep(retryAfter)
				mark()
				continue
			}
			applied = table
		}
		time.Sleep(settle)
	}
	return nil
}

// load loads a ruleset into the kernel, atomically.
func load(table string) error {
	nft := exec.Command("nft", "-f", "-")
	nft.Stdin = strings.NewReader(table)
	if out, err := nft.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s\n%s", err, out, table)
	}
	return nil
}

// newWorld sorts everything, so that the same objects always result in the same table.
func newWorld(pods []*core.Pod, namespaces []*core.Namespace, policies []*net.NetworkPolicy) *world {
	w := &world{namespaces: map[string]*core.Namespace{}, policies: slices.Clone(policies)}
	for _, pod := range pods {
		if hasNetwork(pod) {
			w.pods = append(w.pods, pod)
		}
	}
	for _, namespace := range namespaces {
		w.namespaces[namespace.Name] = namespace
	}
	slices.SortFunc(w.pods, func(a, b *core.Pod) int { return cmp.Compare(a.Status.PodIP, b.Status.PodIP) })
	slices.SortFunc(w.policies, func(a, b *net.NetworkPolicy) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return w
}

// hasNetwork reports whether a pod has its own address now; a finished pod's address may already belong to another pod.
func hasNetwork(pod *core.Pod) bool {
	return pod.Status.PodIP != "" && !pod.Spec.HostNetwork &&
		pod.Status.Phase != core.PodSucceeded && pod.Status.Phase != core.PodFailed
}

func selects(selector *meta.LabelSelector, set map[string]string) bool {
	s, err := meta.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(labels.Set(set))
}

// table is the complete ruleset: a chain for each pod and direction that a policy selects, and jumps to these chains.
func (w *world) table() string {
	var chains bytes.Buffer
	var in, out []string
	for _, pod := range w.pods {
		ingress, egress := w.rules(pod)
		id := strings.ReplaceAll(pod.Status.PodIP, ".", "_")
		chain := func(direction string, rules *bytes.Buffer) string {
			fmt.Fprintf(&chains, "  chain %s_%s { # %s/%s\n%s    counter drop\n  }\n",
				direction, id, pod.Namespace, pod.Name, rules)
			return fmt.Sprintf("%s : jump %s_%s", pod.Status.PodIP, direction, id)
		}
		if ingress != nil {
			in = append(in, chain("in", ingress))
		}
		if egress != nil {
			out = append(out, chain("out", egress))
		}
	}
	jumps := func(side string, entries []string) string {
		if len(entries) == 0 {
			return ""
		}
		return fmt.Sprintf("    ip %s vmap { %s }\n", side, strings.Join(entries, ", "))
	}
	hook := func(name string, jumps string) string {
		return fmt.Sprintf("  chain %s {\n    type filter hook %s priority 10; policy accept;\n"+
			"    ct state established,related accept\n%s  }\n", name, name, jumps)
	}
	// Naming the table first makes the delete succeed when there is none yet.
	return "table inet netpol\ndelete table inet netpol\ntable inet netpol {\n" + chains.String() +
		hook("forward", jumps("saddr", out)+jumps("daddr", in)) +
		hook("input", jumps("saddr", out)) + "}\n" // to the node itself; the kubelet's probes to pods stay open
}

// rules are what the policies that select pod allow; nil for a direction that none of them restricts.
func (w *world) rules(pod *core.Pod) (ingress, egress *bytes.Buffer) {
	for _, policy := range w.policies {
		if policy.Namespace != pod.Namespace || !selects(&policy.Spec.PodSelector, pod.Labels) {
			continue
		}
		for _, direction := range policy.Spec.PolicyTypes { // the API server sets this if it is missing
			if direction == net.PolicyTypeIngress {
				ingress = cmp.Or(ingress, &bytes.Buffer{})
				for _, rule := range policy.Spec.Ingress {
					w.allow(ingress, pod, rule.From, rule.Ports)
				}
			} else {
				egress = cmp.Or(egress, &bytes.Buffer{})
				for _, rule := range policy.Spec.Egress {
					w.allowTo(egress, pod, rule.To, rule.Ports)
				}
			}
		}
	}
	return ingress, egress
}

// allow writes one ingress rule of pod; named ports are the pod's own.
func (w *world) allow(b *bytes.Buffer, pod *core.Pod, from []net.NetworkPolicyPeer, ports []net.NetworkPolicyPort) {
	if len(from) == 0 {
		emit(b, "", ports, pod)
	}
	for _, peer := range from {
		if match := w.addresses(pod.Namespace, "saddr", peer); match != "" {
			emit(b, match, ports, pod)
		}
	}
}

// allowTo writes one egress rule of pod; a named port may have a different number in every target pod.
func (w *world) allowTo(b *bytes.Buffer, pod *core.Pod, to []net.NetworkPolicyPeer, ports []net.NetworkPolicyPort) {
	byTarget := slices.ContainsFunc(ports, func(p net.NetworkPolicyPort) bool { return p.Port != nil && p.Port.StrVal != "" })
	each := func(targets []*core.Pod) {
		for _, target := range targets {
			emit(b, "ip daddr "+target.Status.PodIP, ports, target)
		}
	}
	if len(to) == 0 {
		emit(b, "", ports, nil)
		if byTarget {
			each(w.pods)
		}
	}
	for _, peer := range to {
		if byTarget && peer.IPBlock == nil {
			each(w.peers(pod.Namespace, peer))
		} else if match := w.addresses(pod.Namespace, "daddr", peer); match != "" {
			emit(b, match, ports, nil)
		}
	}
}

// emit writes an accepting rule for every port, or one for all of them; owner's container ports resolve named ports.
func emit(b *bytes.Buffer, match string, ports []net.NetworkPolicyPort, owner *core.Pod) {
	if len(ports) == 0 {
		fmt.Fprintf(b, "    %s return\n", match)
	}
	for _, port := range ports {
		if m := portMatch(port, owner); m != "" {
			fmt.Fprintf(b, "    %s %s return\n", match, m)
		}
	}
}

// peers are the pods that a policy peer selects.
func (w *world) peers(namespace string, peer net.NetworkPolicyPeer) (found []*core.Pod) {
	for _, pod := range w.pods {
		if peer.NamespaceSelector == nil {
			if pod.Namespace != namespace {
				continue
			}
		} else if n := w.namespaces[pod.Namespace]; n == nil || !selects(peer.NamespaceSelector, n.Labels) {
			continue
		}
		if peer.PodSelector == nil || selects(peer.PodSelector, pod.Labels) {
			found = append(found, pod)
		}
	}
	return found
}

// addresses is the match for the other end's address (side is "saddr" or "daddr"); "" when no IPv4 address fits.
func (w *world) addresses(namespace, side string, peer net.NetworkPolicyPeer) string {
	if block := peer.IPBlock; block != nil {
		if strings.Contains(block.CIDR, ":") {
			return "" // the node has no IPv6
		}
		match := fmt.Sprintf("ip %s %s", side, block.CIDR)
		if len(block.Except) > 0 {
			match += fmt.Sprintf(" ip %s != { %s }", side, strings.Join(block.Except, ", "))
		}
		return match
	}
	var addresses []string
	for _, pod := range w.peers(namespace, peer) {
		addresses = append(addresses, pod.Status.PodIP)
	}
	if len(addresses) == 0 {
		return ""
	}
	return fmt.Sprintf("ip %s { %s }", side, strings.Join(addresses, ", "))
}

// portMatch is the match for one policy port; "" for a named port that owner does not have.
func portMatch(port net.NetworkPolicyPort, owner *core.Pod) string {
	protocol := "tcp"
	if port.Protocol != nil {
		protocol = strings.ToLower(string(*port.Protocol))
	}
	switch {
	case port.Port == nil:
		return "meta l4proto " + protocol
	case port.Port.StrVal != "":
		return namedPort(port.Port.StrVal, protocol, owner)
	case port.EndPort != nil:
		return fmt.Sprintf("%s dport %d-%d", protocol, port.Port.IntVal, *port.EndPort)
	}
	return fmt.Sprintf("%s dport %d", protocol, port.Port.IntVal)
}

func namedPort(name, protocol string, owner *core.Pod) string {
	if owner == nil {
		return ""
	}
	for _, container := range slices.Concat(owner.Spec.Containers, owner.Spec.InitContainers) {
		for _, port := range container.Ports {
			if port.Name == name && strings.EqualFold(string(port.Protocol), protocol) {
				return fmt.Sprintf("%s dport %d", protocol, port.ContainerPort)
			}
		}
	}
	return ""
}
