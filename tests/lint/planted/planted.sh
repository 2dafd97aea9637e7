#!/bin/sh
# SPDX-License-Identifier: MIT
# The unquoted word is for shellcheck to find.
words=$1
rm -f $words
