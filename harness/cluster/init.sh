#!/bin/bash
# PID 1 of a node, in namespaces of its own (mount, pid, net, uts, ipc, cgroup). When it ends, the kernel ends everything
# in them. Environment: NODE, and directories of the host: STATE (config and data of the node), PKI, PROGRAMS, LOGS.
set -Eeuo pipefail
trap 'echo "line $LINENO: $BASH_COMMAND" >&2' ERR # the last words of a node that could not start

# Nothing starts before the one who started this has written down whom to end; if that one is gone, so is this.
read -r _ || exit 0
exec </dev/null

# --- a view of the file system in which nothing of the host is written, but $STATE and $LOGS
mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir -p /mnt/{bin,pki,config,log,data,overlay,home}
mkdir -p "$STATE"/data/{kubelet,containerd,cni,pod-logs,volumes,etcd,registry,tmp}
mount --bind "$PROGRAMS" /mnt/bin
mount --bind "$PKI" /mnt/pki
mount --bind "$STATE/config" /mnt/config
mount --bind "$STATE/data" /mnt/data
mount --bind "$LOGS" /mnt/log

# Read before /sys goes: which hierarchies of control groups version 1 has (none of them: version 2).
mapfile -t controllers < <(awk -F: '$2 != "" {print $2}' /proc/self/cgroup)
umount -R /sys
mount -t sysfs sysfs /sys
if [ ${#controllers[@]} = 0 ]; then
  # Version 2 (not tried yet): processes leave the root before its controllers are handed down.
  mount -t cgroup2 cgroup /sys/fs/cgroup
  mkdir -p /sys/fs/cgroup/init
  while read -r pid; do echo "$pid" >/sys/fs/cgroup/init/cgroup.procs 2>/dev/null || true; done </sys/fs/cgroup/cgroup.procs
  for c in $(cat /sys/fs/cgroup/cgroup.controllers); do echo "+$c" >/sys/fs/cgroup/cgroup.subtree_control; done
else
  mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
  for c in "${controllers[@]}"; do
    options=$c
    [[ $c != name=* ]] || options=none,$c
    mkdir -p "/sys/fs/cgroup/${c#name=}"
    mount -t cgroup -o "$options" cgroup "/sys/fs/cgroup/${c#name=}"
  done
fi

for d in etc var; do
  mkdir -p "/mnt/overlay/$d" "/mnt/overlay/$d-work"
  mount -t overlay -o "lowerdir=/$d,upperdir=/mnt/overlay/$d,workdir=/mnt/overlay/$d-work" overlay "/$d"
done
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /var/lib/{kubelet,containerd,cni,volumes} /var/log/{pods,containers}
for d in kubelet containerd cni volumes; do mount --bind "/mnt/data/$d" "/var/lib/$d"; done
mount --bind /mnt/data/pod-logs /var/log/pods
chmod 1777 /mnt/data/tmp
mount --bind /mnt/data/tmp /tmp

# The kubelet sets these for the whole machine; it gets files instead, and the host keeps its own.
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
  kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  file=/run/sysctl/${setting%=*}
  mkdir -p "${file%/*}"
  echo "${setting#*=}" >"$file"
  mount --bind "$file" "/proc/sys/${setting%=*}"
done
mount --make-rshared / # volumes that the kubelet mounts must reach the containers

# --- network: the devices are here already
hostname "$NODE"
ip link set lo up
ip -batch /mnt/config/links
echo 1 >/proc/sys/net/ipv4/ip_forward
rm -f /etc/hosts /etc/resolv.conf # either may be a link to elsewhere
cp /mnt/config/hosts /mnt/config/resolv.conf /etc/

# --- programs
service() { # name command...: run it, and again whenever it ends
  local log=/mnt/log/$1.log
  shift
  (
    while :; do
      "$@" >>"$log" 2>&1 || true
      echo "--- ended; starting again" >>"$log"
      sleep 1
    done
  ) &
}
api_ready() { kubectl --kubeconfig=/mnt/pki/admin.kubeconfig get --raw=/readyz >/dev/null 2>&1; }
when_ready() {
  until [ -e /run/api-ready ]; do sleep 0.1; done
  "$@"
}
after_api() { # name command...: as `service`, from the time the API server is ready
  service "$1" when_ready "${@:2}"
}
(
  until api_ready; do sleep 0.2; done
  touch /run/api-ready
) &
. /mnt/config/services.sh

while :; do wait || true; sleep 1; done
