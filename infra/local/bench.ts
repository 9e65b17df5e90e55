// `npm run bench -- NAME`: the benchmarks lie beside what they measure, bench/main.ts knows them.
import '../../bench/main.ts'
