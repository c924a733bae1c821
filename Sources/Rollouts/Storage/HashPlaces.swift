// SPDX-License-Identifier: Apache-2.0

/// A hash table of places in a list: open addressing with linear steps, 4 bytes a place, at most three quarters full.
///
/// The keys are hashes already (parts of SHA-256), so they are used as they are. Whoever owns the list compares.
struct HashPlaces: Sendable {
    /// Index plus one; 0 is free.
    private var places: [UInt32] = []
    private var used = 0

    /// Bytes that it occupies.
    var sizeBytes: Int { self.places.capacity * MemoryLayout<UInt32>.stride }

    /// The first index of that hash for which `matches` holds.
    func first(_ hash: UInt64, where matches: (Int) -> Bool) -> Int? {
        guard !self.places.isEmpty else { return nil }
        let mask = self.places.count - 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while self.places[place] != 0 {
            let index = Int(self.places[place]) - 1
            if matches(index) { return index }
            place = (place + 1) & mask
        }
        return nil
    }

    /// Adds an index; `hashOf` tells the hash of those added before, to move them to a larger table.
    mutating func insert(_ index: Int, hash: UInt64, hashOf: (Int) -> UInt64) {
        if (self.used + 1) * 4 > self.places.count * 3 { self.grow(to: max(16, self.places.count * 2), hashOf) }
        self.put(index, hash)
    }

    /// Makes room at once for that many.
    mutating func reserveCapacity(_ count: Int, hashOf: (Int) -> UInt64) {
        var size = 16
        while count * 4 > size * 3 { size *= 2 }
        if size > self.places.count { self.grow(to: size, hashOf) }
    }

    private mutating func grow(to size: Int, _ hashOf: (Int) -> UInt64) {
        let old = self.places
        self.places = Array(repeating: 0, count: size)
        self.used = 0
        for place in old where place != 0 { self.put(Int(place) - 1, hashOf(Int(place) - 1)) }
    }

    private mutating func put(_ index: Int, _ hash: UInt64) {
        let mask = self.places.count - 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while self.places[place] != 0 { place = (place + 1) & mask }
        self.places[place] = UInt32(index + 1)
        self.used += 1
    }
}
