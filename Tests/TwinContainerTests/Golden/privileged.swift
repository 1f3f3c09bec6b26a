extension Golden {
  static let privileged = #"""
    {
      "hostname" : "shop-0",
      "linux" : {
        "maskedPaths" : [

        ],
        "namespaces" : [
          {
            "type" : "mount"
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

        ],
        "resources" : {
          "cpu" : {
            "shares" : 2
          },
          "devices" : [
            {
              "access" : "rwm",
              "allow" : true
            }
          ],
          "pids" : {
            "limit" : 256
          }
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
            "rw"
          ],
          "source" : "sysfs",
          "type" : "sysfs"
        },
        {
          "destination" : "/host",
          "options" : [
            "rbind",
            "rprivate",
            "rw"
          ],
          "source" : "/run/bulkhead/nodes/node-1/var/lib",
          "type" : "bind"
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
            "rw"
          ],
          "source" : "/run/bulkhead/pods/shop/shop-app/etc/hosts",
          "type" : "bind"
        },
        {
          "destination" : "/etc/resolv.conf",
          "options" : [
            "rbind",
            "rprivate",
            "rw"
          ],
          "source" : "/run/bulkhead/pods/shop/shop-app/etc/resolv.conf",
          "type" : "bind"
        },
        {
          "destination" : "/etc/hostname",
          "options" : [
            "rbind",
            "rprivate",
            "rw"
          ],
          "source" : "/run/bulkhead/pods/shop/shop-app/etc/hostname",
          "type" : "bind"
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
        }
      ],
      "ociVersion" : "1.0.2",
      "process" : {
        "args" : [
          "/bin/true"
        ],
        "capabilities" : {
          "bounding" : [
            "CAP_CHOWN",
            "CAP_DAC_OVERRIDE",
            "CAP_DAC_READ_SEARCH",
            "CAP_FOWNER",
            "CAP_FSETID",
            "CAP_KILL",
            "CAP_SETGID",
            "CAP_SETUID",
            "CAP_SETPCAP",
            "CAP_LINUX_IMMUTABLE",
            "CAP_NET_BIND_SERVICE",
            "CAP_NET_BROADCAST",
            "CAP_NET_ADMIN",
            "CAP_NET_RAW",
            "CAP_IPC_LOCK",
            "CAP_IPC_OWNER",
            "CAP_SYS_MODULE",
            "CAP_SYS_RAWIO",
            "CAP_SYS_CHROOT",
            "CAP_SYS_PTRACE",
            "CAP_SYS_PACCT",
            "CAP_SYS_ADMIN",
            "CAP_SYS_BOOT",
            "CAP_SYS_NICE",
            "CAP_SYS_RESOURCE",
            "CAP_SYS_TIME",
            "CAP_SYS_TTY_CONFIG",
            "CAP_MKNOD",
            "CAP_LEASE",
            "CAP_AUDIT_WRITE",
            "CAP_AUDIT_CONTROL",
            "CAP_SETFCAP",
            "CAP_MAC_OVERRIDE",
            "CAP_MAC_ADMIN",
            "CAP_SYSLOG",
            "CAP_WAKE_ALARM",
            "CAP_BLOCK_SUSPEND",
            "CAP_AUDIT_READ",
            "CAP_PERFMON",
            "CAP_BPF",
            "CAP_CHECKPOINT_RESTORE"
          ],
          "effective" : [
            "CAP_CHOWN",
            "CAP_DAC_OVERRIDE",
            "CAP_DAC_READ_SEARCH",
            "CAP_FOWNER",
            "CAP_FSETID",
            "CAP_KILL",
            "CAP_SETGID",
            "CAP_SETUID",
            "CAP_SETPCAP",
            "CAP_LINUX_IMMUTABLE",
            "CAP_NET_BIND_SERVICE",
            "CAP_NET_BROADCAST",
            "CAP_NET_ADMIN",
            "CAP_NET_RAW",
            "CAP_IPC_LOCK",
            "CAP_IPC_OWNER",
            "CAP_SYS_MODULE",
            "CAP_SYS_RAWIO",
            "CAP_SYS_CHROOT",
            "CAP_SYS_PTRACE",
            "CAP_SYS_PACCT",
            "CAP_SYS_ADMIN",
            "CAP_SYS_BOOT",
            "CAP_SYS_NICE",
            "CAP_SYS_RESOURCE",
            "CAP_SYS_TIME",
            "CAP_SYS_TTY_CONFIG",
            "CAP_MKNOD",
            "CAP_LEASE",
            "CAP_AUDIT_WRITE",
            "CAP_AUDIT_CONTROL",
            "CAP_SETFCAP",
            "CAP_MAC_OVERRIDE",
            "CAP_MAC_ADMIN",
            "CAP_SYSLOG",
            "CAP_WAKE_ALARM",
            "CAP_BLOCK_SUSPEND",
            "CAP_AUDIT_READ",
            "CAP_PERFMON",
            "CAP_BPF",
            "CAP_CHECKPOINT_RESTORE"
          ],
          "permitted" : [
            "CAP_CHOWN",
            "CAP_DAC_OVERRIDE",
            "CAP_DAC_READ_SEARCH",
            "CAP_FOWNER",
            "CAP_FSETID",
            "CAP_KILL",
            "CAP_SETGID",
            "CAP_SETUID",
            "CAP_SETPCAP",
            "CAP_LINUX_IMMUTABLE",
            "CAP_NET_BIND_SERVICE",
            "CAP_NET_BROADCAST",
            "CAP_NET_ADMIN",
            "CAP_NET_RAW",
            "CAP_IPC_LOCK",
            "CAP_IPC_OWNER",
            "CAP_SYS_MODULE",
            "CAP_SYS_RAWIO",
            "CAP_SYS_CHROOT",
            "CAP_SYS_PTRACE",
            "CAP_SYS_PACCT",
            "CAP_SYS_ADMIN",
            "CAP_SYS_BOOT",
            "CAP_SYS_NICE",
            "CAP_SYS_RESOURCE",
            "CAP_SYS_TIME",
            "CAP_SYS_TTY_CONFIG",
            "CAP_MKNOD",
            "CAP_LEASE",
            "CAP_AUDIT_WRITE",
            "CAP_AUDIT_CONTROL",
            "CAP_SETFCAP",
            "CAP_MAC_OVERRIDE",
            "CAP_MAC_ADMIN",
            "CAP_SYSLOG",
            "CAP_WAKE_ALARM",
            "CAP_BLOCK_SUSPEND",
            "CAP_AUDIT_READ",
            "CAP_PERFMON",
            "CAP_BPF",
            "CAP_CHECKPOINT_RESTORE"
          ]
        },
        "cwd" : "/",
        "env" : [
          "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          "HOSTNAME=shop-0"
        ],
        "noNewPrivileges" : false,
        "terminal" : false,
        "user" : {
          "gid" : 0,
          "uid" : 0
        }
      },
      "root" : {
        "path" : "root",
        "readonly" : false
      }
    }
    """#
}
