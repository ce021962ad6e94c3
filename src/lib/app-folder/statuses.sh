# shellcheck shell=sh
# Exit statuses of scripts in the VM by which their caller tells what was in the way. statuses.ts reads them from here.

# There is nothing of the app, or nothing live.
MISSING=66
# `current` leads nowhere.
BROKEN=69
# Another run holds the lock; its note is on standard output.
LOCKED=75
# Another run went live between the survey and the lock.
OVERTAKEN=76
# What was compared is another one by now.
CHANGED=77
# There is a run of the same name.
TAKEN=78
# The git objects were damaged, and are removed.
DAMAGED=79
# A run was interrupted, and is not ended.
OPEN=80
