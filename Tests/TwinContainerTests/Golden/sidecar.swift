extension Golden {
  static let sidecar = #"""
    {
      "hostname" : "shop-0",
      "linux" : {
        "maskedPaths" : [
          "/proc/acpi",
          "/proc/kcore",
          "/proc/keys",
          "/proc/latency_stats",
          "/proc/sched_debug",
          "/proc/scsi",
          "/proc/timer_list",
          "/proc/timer_stats",
          "/sys/firmware"
        ],
        "namespaces" : [
          {
            "type" : "mount"
          },
          {
            "type" : "pid"
          },
          {
            "type" : "ipc"
          },
          {
            "type" : "uts"
          },
          {
            "path" : "/run/netns/shop",
            "type" : "network"
          }
        ],
        "readonlyPaths" : [
          "/proc/asound",
          "/proc/bus",
          "/proc/fs",
          "/proc/irq",
          "/proc/sys",
          "/proc/sysrq-trigger"
        ],
        "resources" : {
          "cpu" : {
            "shares" : 102
          },
          "devices" : [
            {
              "access" : "rwm",
              "allow" : false
            }
          ],
          "pids" : {
            "limit" : 256
          }
        },
        "seccomp" : {
          "architectures" : [
            "SCMP_ARCH_X86_64"
          ],
          "defaultAction" : "SCMP_ACT_ERRNO",
          "defaultErrnoRet" : 1,
          "syscalls" : [

          ]
        },
        "sysctl" : {
          "net.ipv4.ip_unprivileged_port_start" : "0"
        }
      },
      "mounts" : [
        {
          "destination" : "/proc",
          "options" : [
            "nosuid",
            "noexec",
            "nodev"
          ],
          "source" : "proc",
          "type" : "proc"
        },
        {
          "destination" : "/dev",
          "options" : [
            "nosuid",
            "strictatime",
            "mode=755",
            "size=65536k"
          ],
          "source" : "tmpfs",
          "type" : "tmpfs"
        },
        {
          "destination" : "/sys",
          "options" : [
            "nosuid",
            "noexec",
            "nodev",
            "ro"
          ],
          "source" : "sysfs",
          "type" : "sysfs"
        },
        {
          "destination" : "/tmp",
          "options" : [
            "nosuid",
            "nodev",
            "mode=1777",
            "size=65536k"
          ],
          "source" : "tmpfs",
          "type" : "tmpfs"
        },
        {
          "destination" : "/dev/pts",
          "options" : [
            "nosuid",
            "noexec",
            "newinstance",
            "ptmxmode=0666",
            "mode=0620",
            "gid=5"
          ],
          "source" : "devpts",
          "type" : "devpts"
        },
        {
          "destination" : "/dev/mqueue",
          "options" : [
            "nosuid",
            "noexec",
            "nodev"
          ],
          "source" : "mqueue",
          "type" : "mqueue"
        },
        {
          "destination" : "/dev/shm",
          "options" : [
            "rbind",
            "rprivate",
            "rw"
          ],
          "source" : "/run/bulkhead/pods/shop/shm",
          "type" : "bind"
        },
        {
          "destination" : "/etc/hosts",
          "options" : [
            "rbind",
            "rprivate",
            "ro"
          ],
          "source" : "/run/bulkhead/pods/shop/shop-proxy/etc/hosts",
          "type" : "bind"
        },
        {
          "destination" : "/etc/resolv.conf",
          "options" : [
            "rbind",
            "rprivate",
            "ro"
          ],
          "source" : "/run/bulkhead/pods/shop/shop-proxy/etc/resolv.conf",
          "type" : "bind"
        },
        {
          "destination" : "/etc/hostname",
          "options" : [
            "rbind",
            "rprivate",
            "ro"
          ],
          "source" : "/run/bulkhead/pods/shop/shop-proxy/etc/hostname",
          "type" : "bind"
        },
        {
          "destination" : "/etc/bulkhead",
          "options" : [
            "rbind",
            "rprivate",
            "ro"
          ],
          "source" : "/run/bulkhead/pods/shop/shop-proxy/generated-0",
          "type" : "bind"
        },
        {
          "destination" : "/run/bulkhead-admin",
          "options" : [
            "nosuid",
            "nodev",
            "mode=1777",
            "size=65536k"
          ],
          "source" : "tmpfs",
          "type" : "tmpfs"
        },
        {
          "destination" : "/usr/bin",
          "options" : [
            "rbind",
            "rprivate",
            "ro"
          ],
          "source" : "/usr/bin",
          "type" : "bind"
        },
        {
          "destination" : "/usr/lib",
          "options" : [
            "rbind",
            "rprivate",
            "ro"
          ],
          "source" : "/usr/lib",
          "type" : "bind"
        },
        {
          "destination" : "/usr/lib64",
          "options" : [
            "rbind",
            "rprivate",
            "ro"
          ],
          "source" : "/usr/lib64",
          "type" : "bind"
        },
        {
          "destination" : "/usr/sbin",
          "options" : [
            "rbind",
            "rprivate",
            "ro"
          ],
          "source" : "/usr/sbin",
          "type" : "bind"
        },
        {
          "destination" : "/opt/bulkhead/envoy",
          "options" : [
            "rbind",
            "rprivate",
            "ro"
          ],
          "source" : "/run/bulkhead/tools/envoy",
          "type" : "bind"
        },
        {
          "destination" : "/run/bulkhead-xds/s",
          "options" : [
            "rbind",
            "rprivate",
            "rw"
          ],
          "source" : "/run/bulkhead/xds/shop/s",
          "type" : "bind"
        }
      ],
      "ociVersion" : "1.0.2",
      "process" : {
        "args" : [
          "/opt/bulkhead/envoy",
          "-c",
          "/etc/bulkhead/bootstrap.json"
        ],
        "capabilities" : {
          "bounding" : [

          ],
          "effective" : [

          ],
          "permitted" : [

          ]
        },
        "cwd" : "/",
        "env" : [
          "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          "HOSTNAME=shop-0"
        ],
        "noNewPrivileges" : true,
        "terminal" : false,
        "user" : {
          "gid" : 1337,
          "uid" : 1337
        }
      },
      "root" : {
        "path" : "root",
        "readonly" : true
      }
    }
    """#
}
