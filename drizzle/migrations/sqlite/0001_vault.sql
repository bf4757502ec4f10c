CREATE TABLE `audit` (
	`chain` text NOT NULL,
	`seq` integer NOT NULL,
	`time` integer NOT NULL,
	`actor` text NOT NULL,
	`action` text NOT NULL,
	`instance_id` text,
	`subject` text,
	`outcome` text NOT NULL,
	`request_id` text,
	`detail` text NOT NULL,
	`previous` text NOT NULL,
	`mac` text NOT NULL,
	PRIMARY KEY(`chain`, `seq`)
);
--> statement-breakpoint
CREATE INDEX `audit_time` ON `audit` (`time`);--> statement-breakpoint
CREATE TABLE `credentials` (
	`owner` text NOT NULL,
	`instance_id` text NOT NULL,
	`name` text NOT NULL,
	`sequence` integer NOT NULL,
	`data_key_id` text NOT NULL,
	`tag` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`instance_id`, `owner`, `name`)
);
--> statement-breakpoint
CREATE INDEX `credentials_data_key` ON `credentials` (`data_key_id`);--> statement-breakpoint
CREATE TABLE `data_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`instance_id` text NOT NULL,
	`wrapped` text NOT NULL,
	`master_key_id` text NOT NULL,
	`state` text NOT NULL,
	`created_at` integer NOT NULL,
	`uses` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `data_keys_one_active` ON `data_keys` (`instance_id`) WHERE state = 'active';--> statement-breakpoint
CREATE TABLE `ledgers` (
	`instance_id` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`seal` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `meta` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `sealed_credentials` (
	`owner` text NOT NULL,
	`instance_id` text NOT NULL,
	`name` text NOT NULL,
	`sealed` text NOT NULL,
	PRIMARY KEY(`instance_id`, `owner`, `name`)
);
