// SPDX-License-Identifier: Apache-2.0

import Testing
import Values

@Suite("FIFO")
struct FIFOTests {
    @Test(arguments: 0..<10 as Range<UInt64>)
    func actsLikeAnArray(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var queue = FIFO<Int>()
        var array: [Int] = []
        for number in 0..<2_000 {
            // Long stretches of either, so that it grows and is emptied.
            if (number / 300 + Int.random(in: 0..<4, using: &random)) % 4 < 2 {
                queue.append(number)
                array.append(number)
            } else {
                #expect(queue.popFirst() == (array.isEmpty ? nil : array.removeFirst()))
            }
            switch Int.random(in: 0..<20, using: &random) {
            case 0 where !array.isEmpty:
                let index = Int.random(in: array.indices, using: &random)
                #expect(queue.remove(at: index) == array.remove(at: index))
            case 1:
                let index = Int.random(in: 0...array.count, using: &random)
                queue.insert(-number, at: index)
                array.insert(-number, at: index)
            case 2:
                queue.removeAll { $0.isMultiple(of: 7) }
                array.removeAll { $0.isMultiple(of: 7) }
            default: break
            }
            #expect(queue.first == array.first)
            #expect(queue.count == array.count)
            #expect(queue.isEmpty == array.isEmpty)
        }
        #expect(Array(queue) == array)
    }
}

@Suite("Heap by time")
struct TimedHeapTests {
    private struct Entry: Equatable {
        var time: Int
        var number: Int
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func actsLikeASortedListThatKeepsTheOrderOfEquals(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var heap = TimedHeap<Int, Int>()
        var list: [Entry] = []
        var now = 0
        for number in 0..<500 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<6:
                let entry = Entry(time: now + Int.random(in: -5...20, using: &random), number: number)
                heap.insert(number, at: entry.time)
                list.insert(entry, at: list.firstIndex { $0.time > entry.time } ?? list.endIndex)
            case 6:
                let victim = Int.random(in: 0..<40, using: &random)
                heap.removeAll { $0 % 40 == victim }
                list.removeAll { $0.number % 40 == victim }
            default:
                now += Int.random(in: 0...20, using: &random)
                while let element = heap.popDue(now: now) { #expect(element == list.removeFirst().number) }
                #expect(list.allSatisfy { $0.time > now })
            }
            #expect(heap.count == list.count && heap.isEmpty == list.isEmpty)
            #expect(heap.nextTime == list.first?.time)
        }
    }
}
