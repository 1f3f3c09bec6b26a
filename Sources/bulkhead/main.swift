import CommandLine

await BulkheadCommand.start()
