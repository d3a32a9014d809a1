#!/usr/bin/env bash
# Starts children that hide, each in its own way, and lives on.
#
# forked twice
(sleep 98765 &)
# a session of its own
setsid sleep 98765 &
# a session of its own and no environment
(setsid env -i sleep 98765 &)
# a group of its own
bash -c 'set -m; sleep 98765 & disown'
# nothing at all that tells of it
(cd / && exec setsid env -i sleep 98765 </dev/null >/dev/null 2>&1) &
# another user
sudo -n -u runexp-other sh -c "cd /; setsid env -i sleep 98765 </dev/null >/dev/null 2>&1 &"
touch ready
echo ready
exec sleep 98765
