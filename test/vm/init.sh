#!/bin/busybox sh
# First process of the machine: the host's root below, a RAM disk above, then the program named on the kernel's line.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs devtmpfs /dev
while read -r module; do
  $b insmod "/modules/$module" || echo "cannot load $module"
done </modules/order
$b mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=524288,cache=loose host /lower || echo "no root"
$b mount -t tmpfs -o mode=755 tmpfs /upper
$b mkdir /upper/changes /upper/work
$b mount -t overlay -o lowerdir=/lower,upperdir=/upper/changes,workdir=/upper/work overlay /root
for folder in dev proc sys; do $b mount --move /$folder /root/$folder; done
$b mount -t tmpfs tmpfs /root/run
$b mkdir -p /root/dev/shm /root/run/lock
$b mount -t tmpfs tmpfs /root/dev/shm
$b ip link set lo up
program=$($b sed -n 's/.*program=\([^ ]*\).*/\1/p' /root/proc/cmdline)
# As the first process, its end stops the machine.
exec $b switch_root /root /bin/sh "$program"
