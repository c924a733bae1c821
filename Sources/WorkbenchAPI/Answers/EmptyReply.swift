// SPDX-License-Identifier: Apache-2.0

/// The answer `{}` of an operation that returns nothing.
struct EmptyReply: Decodable, Sendable {}
