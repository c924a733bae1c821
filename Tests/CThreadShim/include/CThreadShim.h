// SPDX-License-Identifier: Apache-2.0

#ifndef SLIPWAY_CTHREADSHIM_H
#define SLIPWAY_CTHREADSHIM_H

// Nothing to call: what is here takes the place of C11's threads, mutexes and conditions in the programs it is linked into.

#endif
