dnl SPDX-License-Identifier: MIT

dnl TABOR_CC_FLAG(FLAG, VARIABLE): append FLAG if the compiler takes it.
AC_DEFUN([TABOR_CC_FLAG],
[AC_MSG_CHECKING([whether $CC takes $1])
tabor_save_cflags=$CFLAGS
CFLAGS="$CFLAGS -Werror $1"
AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
  [AC_MSG_RESULT([yes]); $2="$$2 $1"],
  [AC_MSG_RESULT([no])])
CFLAGS=$tabor_save_cflags])

dnl TABOR_AR_FLAGS: archives without dates and owners, if ar can.
AC_DEFUN([TABOR_AR_FLAGS],
[AC_MSG_CHECKING([whether $AR leaves dates out])
echo tabor >conftest.txt
AS_IF([$AR crD conftest.a conftest.txt >/dev/null 2>&1],
  [AC_MSG_RESULT([yes]); : ${AR_FLAGS=crD} ${ARFLAGS=crD}],
  [AC_MSG_RESULT([no])])
rm -f conftest.a conftest.txt])

dnl TABOR_LD_FLAG(FLAG, VARIABLE): append FLAG if the linker takes it.
AC_DEFUN([TABOR_LD_FLAG],
[AC_MSG_CHECKING([whether $CC links with $1])
tabor_save_ldflags=$LDFLAGS
LDFLAGS="$LDFLAGS -Werror $1"
AC_LINK_IFELSE([AC_LANG_PROGRAM()],
  [AC_MSG_RESULT([yes]); $2="$$2 $1"],
  [AC_MSG_RESULT([no])])
LDFLAGS=$tabor_save_ldflags])

dnl TABOR_FORTIFY(LEVEL...): the first that the compiler takes, with the
dnl library's headers, which refuse it without optimisation. None if the
dnl compiler or the user has set one.
AC_DEFUN([TABOR_FORTIFY],
[AC_MSG_CHECKING([for a level of _FORTIFY_SOURCE])
tabor_save_cflags=$CFLAGS
tabor_fortify="none, or set already"
for tabor_level in $1; do
  CFLAGS="$tabor_save_cflags -Werror -D_FORTIFY_SOURCE=$tabor_level"
  AC_COMPILE_IFELSE(
    [AC_LANG_PROGRAM([[#include <string.h>
#if __GNUC__ < 12 && _FORTIFY_SOURCE > 2
#error the compiler does not know how large what malloc returns is
#endif]])],
    [tabor_fortify=$tabor_level
     HARDENING_CFLAGS="$HARDENING_CFLAGS -D_FORTIFY_SOURCE=$tabor_level"
     break])
done
CFLAGS=$tabor_save_cflags
AC_MSG_RESULT([$tabor_fortify])])

dnl TABOR_PIE: of programs, where the compiler does not do so by itself.
AC_DEFUN([TABOR_PIE],
[AC_MSG_CHECKING([whether $CC makes programs that load anywhere])
AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#ifndef __PIE__
#error not by itself
#endif]])],
  [AC_MSG_RESULT([yes])],
  [AC_MSG_RESULT([when told])
   TABOR_CC_FLAG([-fPIE], [PIE_CFLAGS])
   TABOR_LD_FLAG([-pie], [PIE_LDFLAGS])])])

dnl TABOR_HARDENING: what makes a fault of ours harder to use. It is the
dnl default; a sanitizer sees more where calls are not replaced, so not there.
dnl AUDIO_CFLAGS takes back, in src/rt, what would call a function there.
AC_DEFUN([TABOR_HARDENING],
[AC_ARG_ENABLE([hardening],
  [AS_HELP_STRING([--disable-hardening],
    [leave out stack protector, fortified calls, RELRO and the like])],
  [], [enable_hardening=yes])
AS_CASE([" $CC $CFLAGS "], [*-fsanitize*], [enable_hardening=no])
AS_IF([test "x$enable_hardening" != xno],
  [TABOR_FORTIFY([3 2])
   TABOR_CC_FLAG([-fstack-protector-strong], [HARDENING_CFLAGS])
   TABOR_CC_FLAG([-fstack-clash-protection], [HARDENING_CFLAGS])
   TABOR_CC_FLAG([-fcf-protection], [HARDENING_CFLAGS])
   TABOR_CC_FLAG([-mbranch-protection=standard], [HARDENING_CFLAGS])
   TABOR_LD_FLAG([-Wl,-z,relro], [HARDENING_LDFLAGS])
   TABOR_LD_FLAG([-Wl,-z,now], [HARDENING_LDFLAGS])
   TABOR_LD_FLAG([-Wl,-z,noexecstack], [HARDENING_LDFLAGS])
   TABOR_PIE])
TABOR_CC_FLAG([-fno-stack-protector], [AUDIO_CFLAGS])
TABOR_CC_FLAG([-U_FORTIFY_SOURCE], [AUDIO_CFLAGS])
AC_SUBST([HARDENING_CFLAGS])
AC_SUBST([HARDENING_LDFLAGS])
AC_SUBST([PIE_CFLAGS])
AC_SUBST([PIE_LDFLAGS])
AC_SUBST([AUDIO_CFLAGS])])

dnl TABOR_TSAN_HOOKS: does the compiler name each access, as it does for
dnl ThreadSanitizer? Not if the user's flags ask for a sanitizer by themselves.
AC_DEFUN([TABOR_TSAN_HOOKS],
[AC_MSG_CHECKING([whether $CC names accesses to a model])
tabor_hooks=no
AS_CASE([" $CC $CFLAGS $LDFLAGS "], [*-fsanitize*], [],
  [tabor_save_cflags=$CFLAGS
   CFLAGS="$CFLAGS -Werror -fsanitize=thread"
   AC_COMPILE_IFELSE([AC_LANG_PROGRAM()], [tabor_hooks=yes])
   CFLAGS=$tabor_save_cflags])
AC_MSG_RESULT([$tabor_hooks])
AM_CONDITIONAL([HAVE_TSAN_HOOKS], [test "x$tabor_hooks" = xyes])])

dnl TABOR_PART(NAME, WHAT): --with-NAME=yes|no|check. "yes" insists.
AC_DEFUN([TABOR_PART],
[AC_ARG_WITH([$1],
  [AS_HELP_STRING([--with-$1=yes|no|check], [build $2 @<:@check@:>@])],
  [AS_CASE([$withval], [yes|no|check], [],
    [AC_MSG_ERROR([--with-$1 takes yes, no or check, not '$withval'])])],
  [with_$1=check])
tabor_why_$1='turned off'])

dnl TABOR_PART_RESULT(NAME, CONDITIONAL, FOUND, WHY-NOT)
AC_DEFUN([TABOR_PART_RESULT],
[AS_IF([test "x$with_$1" != xno],
  [AS_IF([test "x$3" = xyes], [with_$1=yes],
    [AS_IF([test "x$with_$1" = xyes], [AC_MSG_ERROR([--with-$1: $4])])
     with_$1=no
     tabor_why_$1="$4"])])
AM_CONDITIONAL([$2], [test "x$with_$1" = xyes])])

dnl TABOR_CHECK_PYTHON(MINIMUM): asks the interpreter itself, because
dnl pkg-config may know another one than will run the tests.
AC_DEFUN([TABOR_CHECK_PYTHON],
[tabor_found=no
AS_IF([test "x$with_python" != xno],
  [AM_PATH_PYTHON([$1], [], [PYTHON=:])
   AS_IF([test "x$PYTHON" != x:],
     [tabor_get='import sysconfig, os; p = sysconfig.get_path("include"); print(p if os.path.exists(os.path.join(p, "Python.h")) else "")'
      AC_MSG_CHECKING([for $PYTHON's headers])
      tabor_include=`$PYTHON -c "$tabor_get"`
      AS_IF([test -n "$tabor_include"],
        [tabor_found=yes
         PYTHON_CPPFLAGS="-I$tabor_include -DPy_LIMITED_API=0x030B0000"])
      AC_MSG_RESULT([${tabor_include:-none}])])])
AC_SUBST([PYTHON_CPPFLAGS])
TABOR_PART_RESULT([python], [WITH_PYTHON], [$tabor_found],
  [no Python $1 or later with headers: install python3-dev or set PYTHON])
AS_IF([test "x$with_python" = xyes],
  [tabor_get='import sysconfig, sys
lib = sysconfig.get_path("platlib")
print(lib if lib.startswith(sys.argv[[1]] + "/") else "")'
   tabor_prefix=$prefix
   AS_IF([test "x$tabor_prefix" = xNONE], [tabor_prefix=$ac_default_prefix])
   tabor_platlib=`$PYTHON -c "$tabor_get" "$tabor_prefix"`
   AS_IF([test -n "$tabor_platlib"],
     [pythondir=$tabor_platlib pyexecdir=$tabor_platlib],
     [tabor_notice_python="set PYTHONPATH to it, or give pythondir= and pyexecdir="])])
pkgpythondir=$pythondir/tabor
AC_SUBST([pkgpythondir])])

dnl TABOR_CHECK_LUA: Lua 5.4 headers, an interpreter for the tests, libedit.
AC_DEFUN([TABOR_CHECK_LUA],
[tabor_found=no
AC_ARG_VAR([LUA], [Lua 5.4 interpreter for the tests])
AS_IF([test "x$with_lua" != xno],
  [PKG_CHECK_MODULES([LUA_DEV], [lua5.4], [tabor_found=yes],
     [PKG_CHECK_MODULES([LUA_DEV], [lua-5.4], [tabor_found=yes],
        [PKG_CHECK_MODULES([LUA_DEV], [lua >= 5.4 lua < 5.5],
           [tabor_found=yes], [:])])])
   PKG_CHECK_MODULES([EDIT], [libedit], [], [tabor_found=no])
   AC_PATH_PROGS([LUA], [lua5.4 lua54 lua], [:])])
AC_SUBST([luaexecdir], ['${libdir}/lua/5.4'])
TABOR_PART_RESULT([lua], [WITH_LUA], [$tabor_found],
  [Lua 5.4 or libedit not found: install liblua5.4-dev and libedit-dev])])

dnl TABOR_CHECK_RTAUDIO: 5.2 (Debian) and 6.x differ in names, not numbers.
AC_DEFUN([TABOR_CHECK_RTAUDIO],
[tabor_found=no
AS_IF([test "x$with_rtaudio" != xno],
  [PKG_CHECK_MODULES([RTAUDIO], [rtaudio >= 5.2], [tabor_found=yes], [:])])
AS_IF([test "x$tabor_found" = xyes],
  [tabor_save_cppflags=$CPPFLAGS
   CPPFLAGS="$CPPFLAGS $RTAUDIO_CFLAGS"
   AC_CHECK_DECLS([RTAUDIO_ERROR_NONE, rtaudio_get_device_id], [], [],
     [[#include <rtaudio_c.h>]])
   AC_CHECK_MEMBERS([rtaudio_device_info_t.id], [], [],
     [[#include <rtaudio_c.h>]])
   CPPFLAGS=$tabor_save_cppflags])
TABOR_PART_RESULT([rtaudio], [WITH_RTAUDIO], [$tabor_found],
  [RtAudio 5.2 or later not found: install librtaudio-dev])])

AC_DEFUN([TABOR_SUMMARY],
[AS_ECHO(["
Tabor $PACKAGE_VERSION
  prefix    $prefix
  compiler  $CC $CFLAGS
  hardening $enable_hardening
  python    $with_python`test $with_python = yes && echo " ($PYTHON, into $pythondir)" || echo " ($tabor_why_python)"`
  lua       $with_lua`test $with_lua = yes && echo " ($LUA, into $luaexecdir)" || echo " ($tabor_why_lua)"`
  rtaudio   $with_rtaudio`test $with_rtaudio = yes || echo " ($tabor_why_rtaudio)"`
"])
AS_IF([test -n "$tabor_notice_python"],
  [AS_ECHO(["$PYTHON does not look for modules in $prefix: $tabor_notice_python
"])])])
