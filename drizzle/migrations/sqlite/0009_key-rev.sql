ALTER TABLE `api_tokens` ADD `rev` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE `clients` ADD `rev` integer DEFAULT 1 NOT NULL;