#!/bin/sh
# Called at every change of state: notify.sh INSTANCE|GROUP NAME MASTER|BACKUP|FAULT|STOP [PRIORITY]
# Runs nginx where the floating address is, and tells the operator.
#
# The functions below can be replaced in notify.conf beside this script, for hosts without systemd or sendmail.
set -u

type=${1:-} name=${2:-} state=${3:-} priority=${4:-}

mail_to=root

start_web() { systemctl start nginx; }
stop_web() { systemctl stop nginx; }

# The whole message, headers first, on standard input.
send_mail() {
    if command -v /usr/sbin/sendmail >/dev/null 2>&1; then
        /usr/sbin/sendmail -t
    else
        cat >/dev/null
    fi
}

say() {
    if command -v logger >/dev/null 2>&1; then logger -t nginx-ha -- "$*"; fi
}

settings=$(dirname -- "$0")/notify.conf
if [ -r "$settings" ]; then
    # shellcheck source=/dev/null
    . "$settings"
fi

tell() {
    say "$*"
    {
        printf 'To: %s\n' "$mail_to"
        printf 'Subject: %s: %s\n' "$(uname -n)" "$1"
        printf '\n%s %s is now %s%s on %s.\n' "$type" "$name" "$state" "${priority:+ (priority $priority)}" "$(uname -n)"
    } | send_mail || say "the mail about $name could not be sent"
}

case $state in
MASTER)
    # The address answers already; first of all the service, then the news.
    if start_web; then
        tell "$name is MASTER, nginx runs here"
    else
        tell "$name is MASTER, but nginx did NOT start"
        exit 1
    fi
    ;;
BACKUP | FAULT | STOP)
    stop_web || say "nginx did not stop"
    tell "$name is $state"
    ;;
*)
    # States of other versions, such as DELETED, need nothing here.
    ;;
esac
exit 0
