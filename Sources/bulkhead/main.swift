import CommandLine

BulkheadCommand.prepare()
await BulkheadCommand.start()
