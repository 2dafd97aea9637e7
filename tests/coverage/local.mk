# SPDX-License-Identifier: MIT
# Whether tests reach the code, and whether they notice what is wrong with it:
# ./dev coverage, ./dev mutate. In the suite: that both can say no.
if WITH_PYTHON
TESTS += tests/mutation.py
endif
EXTRA_DIST += tests/mutation.py %D%/equivalent %D%/mutants.py %D%/mutate.py \
    %D%/run.sh %D%/table.py %D%/unreachable
