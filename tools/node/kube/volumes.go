package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"os"
	"path/filepath"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

const (
	provisioner        = "inference-stack/local"
	provisionedBy      = "pv.kubernetes.io/provisioned-by"
	selectedNode       = "volume.kubernetes.io/selected-node"
	storageProvisioner = "volume.kubernetes.io/storage-provisioner"
	everyone           = 0o777 // like a cluster's shared storage; the pod's fsGroup restricts it
	noResync           = 0
)

// volumes provisions persistent volumes from directories on this node, for claims of a StorageClass with this
// provisioner and binding mode WaitForFirstConsumer. The controller manager's own host-path provisioner creates
// directories that only root can access, and a hostPath volume never gets a pod's fsGroup; a "local" volume does.
type volumes struct {
	client kubernetes.Interface
	node   string
	root   string
}

func localVolumes(args []string) error {
	flags := flag.NewFlagSet("local-volumes", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "how to reach the API server")
	node := flags.String("node", "", "the name of this node")
	root := flags.String("root", "", "the directory that holds the volumes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	client, err := clientFor(*kubeconfig)
	if err != nil {
		return err
	}
	v := volumes{client: client, node: *node, root: *root}
	factory := informers.NewSharedInformerFactory(client, noResync)
	watch := func(informer cache.SharedIndexInformer, handle func(context.Context, any) error) error {
		call := func(object any) {
			if err := handle(context.Background(), object); err != nil {
				log.Print(err)
			}
		}
		_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    call,
			UpdateFunc: func(_, object any) { call(object) },
		})
		return err
	}
	if err := errors.Join(
		watch(factory.Core().V1().PersistentVolumeClaims().Informer(), v.provision),
		watch(factory.Core().V1().PersistentVolumes().Informer(), v.reclaim),
	); err != nil {
		return err
	}
	factory.Start(context.Background().Done())
	select {} // until the node ends
}

// provision creates the directory and the volume for a claim that the scheduler has assigned to this node.
func (v volumes) provision(ctx context.Context, object any) error {
	claim := object.(*core.PersistentVolumeClaim)
	if claim.Annotations[storageProvisioner] != provisioner || claim.Annotations[selectedNode] != v.node || claim.Spec.VolumeName != "" {
		return nil
	}
	name := "pvc-" + string(claim.UID)
	directory := filepath.Join(v.root, name)
	if err := os.MkdirAll(directory, everyone); err != nil {
		return err
	}
	if err := os.Chmod(directory, everyone); err != nil { // MkdirAll's mode is restricted by the umask
		return err
	}
	_, err := v.client.CoreV1().PersistentVolumes().Create(ctx, v.volume(name, directory, claim), meta.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// onThisNode is the affinity of this node's volumes.
func (v volumes) onThisNode() *core.VolumeNodeAffinity {
	term := core.NodeSelectorTerm{MatchExpressions: []core.NodeSelectorRequirement{
		{Key: core.LabelHostname, Operator: core.NodeSelectorOpIn, Values: []string{v.node}},
	}}
	return &core.VolumeNodeAffinity{Required: &core.NodeSelector{NodeSelectorTerms: []core.NodeSelectorTerm{term}}}
}

func (v volumes) volume(name, directory string, claim *core.PersistentVolumeClaim) *core.PersistentVolume {
	return &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: name, Annotations: map[string]string{provisionedBy: provisioner}},
		Spec: core.PersistentVolumeSpec{
			Capacity:                      claim.Spec.Resources.Requests,
			AccessModes:                   claim.Spec.AccessModes,
			StorageClassName:              *claim.Spec.StorageClassName,
			PersistentVolumeReclaimPolicy: core.PersistentVolumeReclaimDelete,
			ClaimRef: &core.ObjectReference{
				Kind: "PersistentVolumeClaim", APIVersion: "v1", Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID,
			},
			PersistentVolumeSource: core.PersistentVolumeSource{Local: &core.LocalVolumeSource{Path: directory}},
			NodeAffinity:           v.onThisNode(),
		},
	}
}

// reclaim removes a volume of this node, and its data, once its claim is deleted.
func (v volumes) reclaim(ctx context.Context, object any) error {
	volume := object.(*core.PersistentVolume)
	if volume.Annotations[provisionedBy] != provisioner || volume.Status.Phase != core.VolumeReleased ||
		!equality.Semantic.DeepEqual(volume.Spec.NodeAffinity, v.onThisNode()) ||
		volume.Spec.PersistentVolumeReclaimPolicy != core.PersistentVolumeReclaimDelete {
		return nil
	}
	if err := os.RemoveAll(filepath.Join(v.root, volume.Name)); err != nil {
		return err
	}
	err := v.client.CoreV1().PersistentVolumes().Delete(ctx, volume.Name, meta.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
