/* SPDX-License-Identifier: MIT
 *
 * For an analyser that knows no alignment.
 */
#ifndef alignas
#define alignas(size)
#endif
