# Sourced after env.sh by what runs in parts: each is timed, and the minutes are told at the end.
#
# The times are noted in the file that WAYSIDE_PARTS names. A script that was given one leaves the telling to who gave it,
# so that the parts of several scripts stand in one table.

if [ -z "${WAYSIDE_PARTS:-}" ]; then
    WAYSIDE_PARTS=$(mktemp)
    export WAYSIDE_PARTS
    trap 'tell_parts; rm -f "$WAYSIDE_PARTS"' EXIT
fi

# part NAME COMMAND...: runs it, notes its seconds and whether it failed, and returns its status.
part() {
    local name=$1 began=$SECONDS status=0
    shift
    note "$name"
    "$@" || status=$?
    printf '%s\t%s\t%s\n' "$name" "$((SECONDS - began))" "$status" >>"$WAYSIDE_PARTS"
    return "$status"
}

# tell_parts: a line for each part in the order they began, those of one name together, and the sum.
tell_parts() {
    awk -F '\t' '
        function line(minutes, name, remark) { printf "%6.1f min  %s%s\n", minutes, name, remark }
        !($1 in seconds) { order[++count] = $1 }
        { seconds[$1] += $2; sum += $2; if ($3 != 0) failed[$1] = "  FAILED" }
        END {
            if (count) print "minutes per part:"
            for (at = 1; at <= count; at++) line(seconds[order[at]] / 60, order[at], failed[order[at]])
            if (count) line(sum / 60, "in all", "")
        }' "$WAYSIDE_PARTS"
}
