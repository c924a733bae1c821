/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* First, and before libevent's configuration asks for more of glibc: the types must be those of Swift's Glibc module. */
#include <sys/select.h>
#include <sys/eventfd.h>
#include <event2/event.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
